/** The script of the page: draws the charts, and lets the reader choose what is in them and take the data along. */
import type uPlot from 'uplot';
import { drawChart } from './chart.js';
import type { ChartSpec, PageData } from './shapes.js';
import { currentTheme } from './theme.js';

/** For paper all charts are drawn so wide; the style sheet stretches them to the sheet. */
const PAPER_WIDTH = 680;

interface Figure {
  readonly spec: ChartSpec;
  readonly element: HTMLElement;
  readonly place: HTMLElement | null;
  readonly keys: ReadonlyMap<number, HTMLButtonElement>;
  plot?: uPlot;
  isTail: boolean;
  width: number;
}

const page = JSON.parse(document.getElementById('page-data')?.textContent ?? '') as PageData;
/** Transports the reader has put away, in all charts. */
const hidden = new Set<number>();
const paper = matchMedia('print');
const figures: readonly Figure[] = page.charts.flatMap((spec) => {
  const element = document.querySelector<HTMLElement>(`[data-chart="${spec.id}"]`);
  return element ? [figureOf(spec, element)] : [];
});

function figureOf(spec: ChartSpec, element: HTMLElement): Figure {
  const whole = element.closest('figure') as HTMLElement;
  const keys = [...whole.querySelectorAll<HTMLButtonElement>('[data-transport]')];
  return {
    spec,
    element,
    place: whole.querySelector<HTMLElement>('[data-place]'),
    keys: new Map(keys.map((key) => [Number(key.dataset.transport), key])),
    isTail: false,
    width: 0,
  };
}

const isOnPaper = () => paper.matches || document.documentElement.classList.contains('paper');

function draw(figure: Figure): void {
  figure.width = isOnPaper() ? PAPER_WIDTH : Math.floor(figure.element.clientWidth);
  figure.plot?.destroy();
  figure.plot = drawChart(
    figure.element,
    figure.spec,
    page.transports,
    { theme: currentTheme(), width: figure.width, hidden, isTail: figure.isTail },
    (place, values) => {
      if (figure.place) figure.place.textContent = place;
      for (const [transport, key] of figure.keys) {
        const output = key.querySelector('output');
        if (output) output.textContent = values.get(transport) ?? '';
      }
    },
  );
}

function drawAll(): void {
  for (const figure of figures) {
    for (const [transport, key] of figure.keys)
      key.setAttribute('aria-pressed', String(!hidden.has(transport)));
    draw(figure);
  }
}

/** One transport out or in; alone: all others out, or all in when it is alone already. */
function choose(transport: number, isAlone: boolean): void {
  if (isAlone) {
    const others = page.transports.map((_, index) => index).filter((index) => index !== transport);
    const wasAlone = others.every((index) => hidden.has(index)) && !hidden.has(transport);
    hidden.clear();
    if (!wasAlone) for (const index of others) hidden.add(index);
  } else if (!hidden.delete(transport)) hidden.add(transport);
  drawAll();
}

function onClick(event: MouseEvent): void {
  const target = event.target instanceof Element ? event.target.closest('button') : null;
  if (!target) return;
  const { transport, tail } = target.dataset;
  if (transport !== undefined) choose(Number(transport), event.altKey || event.shiftKey);
  if (tail !== undefined) {
    const figure = figures.find(({ spec }) => spec.id === tail);
    if (!figure) return;
    figure.isTail = !figure.isTail;
    target.setAttribute('aria-pressed', String(figure.isTail));
    draw(figure);
  }
}

function forPaper(isPaper: boolean): void {
  document.documentElement.classList.toggle('paper', isPaper);
  drawAll();
}

/** The report as a file, made here: the page has all of it and asks nobody. */
function offerDownload(): void {
  const json = document.getElementById('report-data')?.textContent ?? '';
  const url = URL.createObjectURL(new Blob([json], { type: 'application/json' }));
  for (const link of document.querySelectorAll<HTMLAnchorElement>('a[data-download]')) {
    link.href = url;
    link.hidden = false;
  }
}

document.documentElement.classList.add('scripted');
document.addEventListener('click', onClick);
document.addEventListener('dblclick', (event) => {
  const key = event.target instanceof Element ? event.target.closest('[data-transport]') : null;
  if (key instanceof HTMLElement) choose(Number(key.dataset.transport), true);
});
matchMedia('screen and (prefers-color-scheme: dark)').addEventListener('change', drawAll);
paper.addEventListener('change', drawAll);
// Not every browser says in time that the medium is another.
addEventListener('beforeprint', () => forPaper(true));
addEventListener('afterprint', () => forPaper(false));
const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const figure = figures.find(({ element }) => element === target);
    if (figure && !isOnPaper() && Math.floor(figure.element.clientWidth) !== figure.width) draw(figure);
  }
});
drawAll();
for (const { element } of figures) sizes.observe(element);
offerDownload();
