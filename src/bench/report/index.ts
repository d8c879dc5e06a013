/** The report of a benchmark: one HTML page that holds all it needs and asks no network. */
import { readFileSync } from 'node:fs';
import { builtModule } from '../../base/index.js';
import type { BenchReport } from '../model.js';
import { renderPage } from './document.js';

export { parseReport } from './read.js';

/**
 * A report as a page of its own.
 * @throws Error where the package is not built: the page's script and style are built with it
 */
export function renderReport(report: BenchReport): string {
  return renderPage(report, {
    script: readFileSync(builtModule('bench/report/page.js'), 'utf8'),
    style: readFileSync(builtModule('bench/report/page.css'), 'utf8'),
  });
}
