/** The report of a benchmark as a document: what it draws, what it says, and that data stays data in it. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { latencyCharts } from '../../src/bench/report/charts.js';
import { renderPage } from '../../src/bench/report/document.js';
import { bytes, figure, withUnit } from '../../src/bench/report/format.js';
import { sectionsOf } from '../../src/bench/report/groups.js';
import { nines, ninesText } from '../../src/bench/report/page/ticks.js';
import { transportStyles } from '../../src/bench/report/palette.js';
import { parseReport } from '../../src/bench/report/read.js';
import { benchReport, HOSTILE_NAMES } from '../helpers/bench-report.js';

const ASSETS = { script: 'void 0;', style: 'body{margin:0}' };
const report = benchReport();
const hostile = benchReport({ isHostile: true });

describe('the page', () => {
  const page = renderPage(hostile, ASSETS);

  it('holds its script and its style, and admits nothing but them', () => {
    const hash = (text: string) => `sha256-${createHash('sha256').update(text).digest('base64')}`;
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1]?.replaceAll('&#39;', "'");
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`script-src '${hash(ASSETS.script)}'`);
    expect(policy).toContain(`style-src '${hash(ASSETS.style)}'`);
    expect(policy).not.toMatch(/unsafe|https?:/);
    expect(page).not.toMatch(/<[a-z][^>]*\s(?:src|style|on\w+)="/);
  });

  it('takes names for text, whatever they hold', () => {
    expect(page.match(/<script/g)).toHaveLength(3);
    expect(page.match(/<\/script>/g)).toHaveLength(3);
    expect(page).not.toContain('<img');
    expect(page).not.toContain('<!-- ');
    const text = page.replaceAll(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));
    for (const name of HOSTILE_NAMES) expect(text).toContain(name);
  });

  it('carries the whole report', () => {
    const json = /<script type="application\/json" id="report-data">(.*?)<\/script>/s.exec(page)?.[1];
    expect(JSON.parse(json ?? '')).toEqual(hostile);
  });

  it('counts the targets, and says what was not measured', () => {
    expect(page).toContain('5 of 7 targets reached · 1 missed · 1 not compared');
    expect(page).toContain('It could not be installed: the registry does not have it.');
  });

  it('can be made of a run that measured nothing', () => {
    const empty = renderPage({ ...report, rows: [], series: [], skipped: [] }, ASSETS);
    expect(empty).toContain('all that was asked for was measured');
  });
});

describe('what is drawn', () => {
  const titleOf = ({ workload }: { readonly workload: string }) => workload;
  const sections = sectionsOf(report.series, titleOf);

  it('is sorted into parts: distributions, curves and bars', () => {
    expect(
      sections.map(({ id, latencies, curves, bars }) => [id, latencies.length, curves.length, bars.length]),
    ).toEqual([
      ['latency', 1, 0, 0],
      ['throughput', 0, 0, 2],
      ['payloads', 0, 1, 0],
      ['fan', 0, 0, 2],
      ['connections', 0, 0, 3],
      ['queue', 0, 0, 1],
      ['start', 0, 0, 3],
    ]);
  });

  it('loses no series', () => {
    const drawn = sections.flatMap(({ latencies, curves, bars }) => [
      ...latencies.flatMap(({ placements }) => placements.flatMap(({ series }) => series)),
      ...curves.flatMap(({ series }) => series),
      ...bars.flatMap(({ series }) => series),
    ]);
    expect(new Set(drawn)).toEqual(new Set(report.series));
    const [unknown] = sectionsOf([{ ...report.series[0], workload: 'never heard of' }] as never, titleOf);
    expect(unknown?.id).toBe('more');
  });

  it('has all samples in histograms, and ends distributions at all of them', () => {
    const series = report.series.filter(({ latency, placement }) => latency && placement === 'same core');
    const [histogram, cdf] = latencyCharts('chart', series, (one) => series.indexOf(one));
    for (const [index, { latency }] of series.entries()) {
      const shares = histogram.series[index]?.values ?? [];
      expect(shares.reduce<number>((sum, share) => sum + (share ?? 0), 0)).toBeCloseTo(1, 5);
      const cumulated = cdf.series[index]?.values ?? [];
      const known = cumulated.filter((share) => share !== null);
      expect([known[0], known.at(-1)]).toEqual([0, 1]);
      expect([...known].sort((a, b) => a - b)).toEqual(known);
      const half = cumulated.findIndex((share) => share !== null && share >= 0.5);
      const median = latency?.p50 ?? Number.NaN;
      expect(cdf.x[half]).toBeGreaterThanOrEqual(median);
      expect(cdf.x[half - 1]).toBeLessThan(median * 1.06);
    }
  });

  it('gives every transport a look of its own, ours and the floor first', () => {
    const styles = transportStyles(hostile.series);
    expect(styles.slice(0, 3).map(({ name }) => name)).toEqual([
      'launchport',
      'launchport (dispatch queue)',
      'floor',
    ]);
    expect(new Set(styles.map(({ color, dash }) => `${color} ${dash}`)).size).toBe(styles.length);
  });
});

describe('figures', () => {
  it('have three digits and the unit that suits', () => {
    expect(figure(612_345, 'messages/s')).toBe('612 k');
    expect(figure(1_023_456, 'messages/s')).toBe('1.02 M');
    expect(withUnit(7.406, 'µs')).toBe('7.41 µs');
    expect(withUnit(0.031, 'count')).toBe('0.031');
    expect(withUnit(null, 'ms')).toBe('–');
    expect([bytes(64), bytes(4096), bytes(2 ** 26 - 8192)]).toEqual(['64 B', '4 KiB', '64.0 MiB']);
  });

  it('open the tail by nines, as far as the samples can tell', () => {
    expect(nines(0.999, 1e6)).toBeCloseTo(3);
    expect(nines(1, 1e4)).toBe(4);
    expect([1, 2, 3, 4].map(ninesText)).toEqual(['90%', '99%', '99.9%', '99.99%']);
  });
});

describe('a report that is read back', () => {
  it('is the one that was written', () => {
    expect(parseReport(JSON.stringify(hostile))).toEqual(hostile);
  });

  it.each([
    ['no JSON', '{', 'it is not JSON'],
    ['no object', '[]', 'it is not a JSON object'],
    ['another version', JSON.stringify({ ...report, version: 2 }), 'its version is not 1'],
    ['a row without a name', JSON.stringify({ ...report, rows: [{ value: 1 }] }), '"rows"'],
    ['a series without numbers', JSON.stringify({ ...report, series: [{}] }), '"series"'],
  ])('is refused when it is %s', (_, json, reason) => {
    expect(() => parseReport(json)).toThrow(expect.objectContaining({ code: 'ERR_USAGE' }));
    expect(() => parseReport(json)).toThrow(reason);
  });
});
