/** The words around the figures: machine, method, what was left out, and the headline. */
import type { BenchReport, BenchRow, Skipped } from '../model.js';
import { figure, moment, significant, times, withUnit } from './format.js';
import { html, type Markup } from './html.js';
import { verdict } from './tables.js';

/** The figures a reader sees first are those of so many rows. */
const TILES = 4;

/** Title, machine and date. */
export function header(report: BenchReport): Markup {
  const { environment, method, createdAt } = report;
  return html`<header>
<p class="kicker">launchport ${environment.launchport} · benchmark</p>
<h1>How fast two processes talk</h1>
<p class="machine">${environment.cpu}, ${environment.cores} cores · ${environment.platform} ${environment.kernel} · Node ${environment.node}</p>
<p class="date"><time datetime="${createdAt}">${moment(createdAt)}</time> · ${effortText(method)}
 · <a data-download download="${fileName(report)}" hidden>Download the data (JSON)</a></p>
</header>`;
}

function effortText({ rounds, effort, isPinned }: BenchReport['method']): string {
  const pinned = isPinned ? 'both ends pinned to cores' : 'not pinned';
  return `${effort} run, ${rounds} ${rounds === 1 ? 'round' : 'rounds'}, ${pinned}`;
}

/** A name for the file that says when and on what; only characters that any system takes. */
export function fileName({ createdAt, environment }: BenchReport): string {
  const plain = (text: string) => text.replaceAll(/[^A-Za-z0-9]+/g, '-').replaceAll(/^-|-$/g, '');
  return `launchport-bench-${plain(environment.platform)}-${plain(createdAt.slice(0, 16))}.json`;
}

/** How many targets are reached, and the first of them in large type. */
export function summary(rows: readonly BenchRow[]): Markup {
  const aimed = rows.filter(({ target }) => target !== null);
  const reached = aimed.filter(({ isReached }) => isReached === true).length;
  const missed = aimed.filter(({ isReached }) => isReached === false).length;
  const open = aimed.length - reached - missed;
  const tiles = [...aimed, ...rows.filter(({ target }) => target === null)].slice(0, TILES);
  const counts = [
    `${reached} of ${aimed.length} targets reached`,
    missed > 0 ? `${missed} missed` : '',
    open > 0 ? `${open} not compared` : '',
  ].filter((text) => text !== '');
  return html`${aimed.length > 0 ? html`<p class="score">${counts.join(' · ')}</p>` : null}
<ul class="tiles">${tiles.map(
    (row) => html`<li><span class="name">${row.name}</span><span class="value">${bigFigure(row)}</span>
<span class="against">${row.ratioToFloor === null ? null : html`<span>${times(row.ratioToFloor)} the floor in C</span>`}${
      row.ratioToBestPeer === null
        ? null
        : html`<span>${times(row.ratioToBestPeer)} the best peer, ${row.bestPeerName}</span>`
    }</span>${row.target === null ? null : verdict(row)}</li>`,
  )}</ul>`;
}

/** The number large, its unit small. */
function bigFigure({ value, unit }: BenchRow): Markup {
  return unit === 'ratio' || unit === 'count'
    ? html`${withUnit(value, unit)}`
    : html`${figure(value, unit)} <small>${unit}</small>`;
}

/** What was asked for and not measured; what failed is said so. */
export function skippedList(skipped: readonly Skipped[]): Markup {
  if (skipped.length === 0) return html`<p>Nothing: all that was asked for was measured.</p>`;
  return html`<dl>${skipped.map(({ name, reason }) => html`<dt>${name}</dt><dd>${reason}</dd>`)}</dl>`;
}

/** The machine and the programs. */
export function environmentList({ environment }: BenchReport): Markup {
  const facts: readonly (readonly [string, string])[] = [
    ['Processor', `${environment.cpu}, ${environment.architecture}, ${environment.cores} cores`],
    ['Memory', `${significant(environment.memory)} GiB`],
    ['System', `${environment.platform}, kernel ${environment.kernel}`],
    ['Load before', `${significant(environment.load)} (one minute)`],
    ['Node', environment.node],
    ['launchport', environment.launchport],
    ...Object.entries(environment.versions),
  ];
  return html`<dl>${facts.map(([name, text]) => html`<dt>${name}</dt><dd>${text}</dd>`)}</dl>`;
}

/** How to read the figures. */
export function methodText({ method }: BenchReport): Markup {
  return html`<ul>
<li>${method.rounds} ${method.rounds === 1 ? 'round' : 'rounds'}. Each starts fresh processes for both ends, warms up, then counts.
A figure is the median of its rounds, and the spread beside it is the lowest and the highest of them.</li>
<li>The floor is a program in C that does the same work with the system’s own calls, measured in the same run.
Absolute times belong to this machine and this hour; ratios travel further.</li>
<li>${
    method.isPinned
      ? 'Each end is pinned to a core. On one core a round trip is code; on two it is mostly the system putting a core to sleep and waking it.'
      : 'The ends are not pinned: the system placed them, which moves latencies by more than any code does.'
  }</li>
<li>All of Node’s transports carry the same message, <code>{route, id, payload, name, flag}</code>, encoded and decoded at both ends.
launchport is measured through its public interface with every check on.</li>
</ul>`;
}
