/** The report of the benchmark in a real browser: its pictures are drawn, it does what it offers, it asks nobody. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { benchReport, HOSTILE_NAMES } from '../helpers/bench-report.js';
import { BROWSER_ARGUMENTS, browserPath } from '../helpers/browser.js';
import { runCommand } from '../helpers/command.js';

const WAIT = { timeout: 90_000 };
const LIGHT_LAUNCHPORT = '#0a6ccf';
const DARK_LAUNCHPORT = '#5aaeff';

if (browserPath === undefined) console.log('skipped: the report in a browser: no chromium is installed');

/** For every chart, the colours of its transports that its canvas does not have. Runs in the page. */
const MISSING_COLORS = `(() => {
  const { transports, charts } = JSON.parse(document.getElementById('page-data').textContent);
  const style = getComputedStyle(document.documentElement);
  return charts.map(({ id, series }) => {
    const canvas = document.querySelector('[data-chart="' + id + '"] canvas');
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
    const has = (color) => {
      const parts = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
      for (let at = 0; at < data.length; at += 4) {
        if (data[at + 3] > 200 && parts.every((part, index) => Math.abs(data[at + index] - part) < 24)) return true;
      }
      return false;
    };
    const colors = [...new Set(series.map(({ transport }) => style.getPropertyValue('--c' + transports[transport].color).trim()))];
    return { id, colors: colors.length, missing: colors.filter((color) => !has(color)) };
  });
})()`;

describe('launchport bench --from', () => {
  const folder = mkdtempSync(join(tmpdir(), 'launchport-report-'));
  const data = join(folder, 'data.json');
  const page = join(folder, 'page.html');
  const bench = (...args: readonly string[]) => runCommand(folder, ['bench', ...args], WAIT.timeout);
  const report = benchReport({ isHostile: true });

  beforeAll(() => writeFileSync(data, JSON.stringify(report)));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('shows a report again without measuring, as a table, as JSON, and as a page for everybody', async () => {
    const table = await bench('--from', data, '--report', page);
    expect(table).toMatchObject({ code: 0, stderr: `The page is ${page}\n` });
    expect(table.stdout).toContain('64 B request and reply, p50, same core');
    const text = readFileSync(page, 'utf8');
    expect(text.startsWith('<!doctype html>')).toBe(true);
    expect(statSync(page).mode & 0o777).toBe(0o644);
    const json = await bench('--from', data, '--json');
    expect(JSON.parse(json.stdout)).toEqual(report);
  });

  it('refuses what is no report, what is not there, and a page that could not be written', async () => {
    writeFileSync(join(folder, 'other.json'), '{"version": 2}');
    const refused = await Promise.all([
      bench('--from', join(folder, 'other.json')),
      bench('--from', join(folder, 'missing.json')),
      bench('--from', data, '--report', join(folder, 'missing', 'page.html')),
      bench('--from', data, '--report', folder),
      bench('--from', data, '--quick'),
    ]);
    expect(refused.map(({ code, stdout }) => ({ code, stdout }))).toEqual(
      Array.from({ length: 5 }, () => ({ code: 2, stdout: '' })),
    );
    expect(refused.map(({ stderr }) => stderr)).toEqual([
      expect.stringContaining('version is not 1'),
      expect.stringContaining('missing.json cannot be read'),
      expect.stringContaining('page.html cannot be written'),
      expect.stringContaining('it is a directory'),
      expect.stringContaining('--quick'),
    ]);
  });
});

describe.skipIf(browserPath === undefined)('the report in a browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'launchport-report-'));
  const file = join(folder, 'report.html');
  const report = benchReport({ isHostile: true });
  const problems: string[] = [];
  const requests: string[] = [];
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    writeFileSync(join(folder, 'report.json'), JSON.stringify(report));
    await runCommand(
      folder,
      ['bench', '--from', join(folder, 'report.json'), '--report', file],
      WAIT.timeout,
    );
    browser = await chromium.launch({
      executablePath: browserPath as string,
      args: [...BROWSER_ARGUMENTS],
      ...WAIT,
    });
    page = await browser.newPage({ viewport: { width: 1200, height: 900 }, colorScheme: 'light' });
    page.setDefaultTimeout(WAIT.timeout);
    // Warnings are the browser's advice, some of it about this test: it reads pictures often.
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('request', (request) => requests.push(request.url()));
    await page.addInitScript(
      `addEventListener('securitypolicyviolation', (event) => console.error('policy: ' + event.violatedDirective));`,
    );
    await page.goto(pathToFileURL(file).href, WAIT);
  });

  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const pictures = () =>
    page.evaluate<string[]>(`[...document.querySelectorAll('canvas')].map((canvas) => canvas.toDataURL())`);
  const missing = () => page.evaluate<{ id: string; colors: number; missing: string[] }[]>(MISSING_COLORS);
  const key = (name: string) => page.locator('.key', { hasText: name }).first();

  it('draws every chart, each in the colours of all its transports', async () => {
    const charts = await missing();
    // Both distributions of both placements, and the curve.
    expect(charts).toHaveLength(5);
    expect(charts.every(({ colors }) => colors >= 5)).toBe(true);
    expect(charts.filter((chart) => chart.missing.length > 0)).toEqual([]);
  });

  it('has the figures in tables, and names for what they are', async () => {
    const text = await page.evaluate<string>(
      `[...document.querySelectorAll('table')].map((table) => table.textContent).join('\\n')`,
    );
    for (const { median, unit } of report.series.filter(({ workload }) => workload === 'in flight')) {
      expect(unit).toBe('messages/s');
      expect(text).toContain(median >= 9995 ? `${Number((median / 1000).toPrecision(3))}` : '');
    }
    for (const name of HOSTILE_NAMES) expect(text).toContain(name.trim());
    expect(text).toContain('7.11 to 7.78');
    const labels = await page.locator('[data-chart][role="img"][aria-label]').count();
    expect(labels).toBe(5);
  });

  it('takes a transport out of all pictures at a click on its name, and puts it back at the next', async () => {
    const before = await pictures();
    await key('launchport').click();
    expect(await key('launchport').getAttribute('aria-pressed')).toBe('false');
    const without = await pictures();
    expect(without.filter((picture, index) => picture === before[index])).toEqual([]);
    expect((await missing()).every((chart) => chart.missing.includes(LIGHT_LAUNCHPORT))).toBe(true);
    await key('launchport').click();
    expect(await pictures()).toEqual(before);
  });

  it('shows one transport alone, and all again', async () => {
    const before = await pictures();
    await key('floor').click({ modifiers: ['Shift'] });
    expect(await page.locator('.key[aria-pressed="true"]').allTextContents()).toEqual(
      Array.from({ length: 3 }, () => expect.stringContaining('floor')),
    );
    await key('floor').click({ modifiers: ['Shift'] });
    expect(await pictures()).toEqual(before);
  });

  it('opens the tail of a distribution', async () => {
    const before = await pictures();
    await page.locator('[data-tail]').first().click();
    const changed = (await pictures()).filter((picture, index) => picture !== before[index]);
    expect(changed).toHaveLength(1);
    await page.locator('[data-tail]').first().click();
    expect(await pictures()).toEqual(before);
  });

  it('gives its data away, whole, as a file', async () => {
    const [download] = await Promise.all([
      page.waitForEvent('download', WAIT),
      page.locator('a[data-download]').first().click(),
    ]);
    expect(download.suggestedFilename()).toBe('launchport-bench-linux-2026-11-24T20-15.json');
    const path = join(folder, 'data.json');
    await download.saveAs(path);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(report);
  });

  it('becomes dark with the system, pictures too, and light on paper', async () => {
    await page.emulateMedia({ colorScheme: 'dark' });
    await drawnIn(DARK_LAUNCHPORT);
    const background = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    expect(background).toBe('rgb(16, 19, 23)');
    expect((await missing()).filter((chart) => chart.missing.length > 0)).toEqual([]);
    await page.emulateMedia({ colorScheme: 'dark', media: 'print' });
    await drawnIn(LIGHT_LAUNCHPORT);
    await page.emulateMedia({ colorScheme: 'light', media: 'screen' });
    await drawnIn(LIGHT_LAUNCHPORT);
  });

  it('fits a narrow window', async () => {
    await page.setViewportSize({ width: 480, height: 900 });
    await holds(
      `[...document.querySelectorAll('canvas')].every((canvas) => canvas.getBoundingClientRect().right <= 480)`,
    );
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(480);
    expect((await missing()).filter((chart) => chart.missing.length > 0)).toEqual([]);
  });

  it('ran no foreign script, asked the network nothing, and broke no rule of its own', async () => {
    expect(await page.evaluate('window.hostile')).toBeUndefined();
    expect(problems).toEqual([]);
    expect(requests.filter((url) => !/^(data|blob):/.test(url))).toEqual([pathToFileURL(file).href]);
  });

  /** Until every canvas has been drawn anew with this colour for launchport. */
  async function drawnIn(color: string): Promise<void> {
    await holds(
      `(${MISSING_COLORS}).every(({ missing }) => !missing.includes('${color}')) &&
       getComputedStyle(document.documentElement).getPropertyValue('--c0').trim() === '${color}'`,
    );
  }

  /** Until an expression is true in the page. Asked from outside: to ask again by itself, the page would have to `eval`. */
  async function holds(expression: string): Promise<void> {
    await expect
      .poll(() => page.evaluate<boolean>(expression), { timeout: WAIT.timeout, interval: 200 })
      .toBe(true);
  }
});
