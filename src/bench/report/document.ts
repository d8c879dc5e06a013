/** The document: sections in order, data, script and style inside, and a policy that lets nothing else in. */
import { createHash } from 'node:crypto';
import type { BenchReport } from '../model.js';
import { environmentList, header, methodText, skippedList, summary } from './facts.js';
import { Figures, workTitle } from './figures.js';
import { moment } from './format.js';
import { sectionsOf } from './groups.js';
import { html, jsonForScript, trusted } from './html.js';
import type { PageData } from './page/shapes.js';
import { transportStyles } from './palette.js';
import { rowsTable } from './tables.js';

/** What the page runs and looks like: the texts of one script and one style sheet. */
export interface PageAssets {
  readonly script: string;
  readonly style: string;
}

/** The icon of the page: three bars. Without one a browser asks the server for it. */
const ICON = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="M2 4h12M2 8h8M2 12h4" stroke="#0a6ccf" stroke-width="3"/></svg>',
)}`;

const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** A report as one page that needs nothing else, made with the script and the style given. */
export function renderPage(report: BenchReport, assets: PageAssets): string {
  const transports = transportStyles(report.series);
  const figures = new Figures(transports);
  const sections = sectionsOf(report.series, workTitle);
  const body = sections.map((section) => figures.section(section));
  const data: PageData = { transports, charts: figures.charts };
  const aimed = report.rows.filter(({ target }) => target !== null);
  const others = report.rows.filter(({ target }) => target === null);
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(assets.script)}`,
    `style-src ${hashOf(assets.style)}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const links = [
    { id: 'targets', title: aimed.length > 0 ? 'Targets' : 'Results' },
    ...sections,
    { id: 'method', title: 'Machine and method' },
  ];
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="launchport ${report.environment.launchport}">
<title>launchport benchmark: ${report.environment.cpu}, ${moment(report.createdAt)}</title>
<link rel="icon" href="${ICON}">
<style>${trusted(assets.style)}</style>
</head>
<body>
${header(report)}
<nav aria-label="Parts">${links.map(({ id, title }) => html`<a href="#${id}">${title}</a>`)}</nav>
<main>
<section id="targets" aria-label="Targets">
${summary(report.rows)}
${aimed.length > 0 ? rowsTable(aimed, 'Targets') : null}
${
  others.length === 0
    ? null
    : aimed.length === 0
      ? rowsTable(others, 'Results')
      : html`<details class="rows"><summary>Results without a target (${others.length})</summary>${rowsTable(others, 'Results without a target')}</details>`
}
</section>
<p class="hint">A click on a name takes it out of every chart and puts it back; with Shift, or twice, it stands alone.
Drag over a chart to look closer, double-click to go back.</p>
<noscript><p class="hint">Charts are drawn by a script, which does not run here. The tables have all figures.</p></noscript>
${body}
<section id="skipped" aria-labelledby="skipped-title"><h2 id="skipped-title">Not measured</h2>${skippedList(report.skipped)}</section>
<section id="method" aria-labelledby="method-title"><h2 id="method-title">Machine and method</h2>
<div class="pair"><div>${environmentList(report)}</div><div>${methodText(report)}</div></div>
</section>
</main>
<footer><p>Made by <code>launchport bench --report</code>. The page holds all its data and asks no network.
Charts by uPlot, MIT licence.</p></footer>
<script type="application/json" id="page-data">${jsonForScript(data)}</script>
<script type="application/json" id="report-data">${jsonForScript(report)}</script>
<script>${trusted(assets.script)}</script>
</body>
</html>
`.text;
}
