/** Sections with their charts: the places the script draws into, the names to click on, and the tables behind them. */
import type { Placement, Series } from '../model.js';
import { barTable } from './bars.js';
import { curveChart, latencyCharts, withLatency } from './charts.js';
import { bytes } from './format.js';
import { type BarGroup, groupBy, type LatencyGroup, type Section } from './groups.js';
import { html, type Markup } from './html.js';
import type { ChartSpec, TransportStyle } from './page/shapes.js';
import { curveTable, latencyTable, singlesTable } from './tables.js';

/** Makes the figures of a report, and keeps what their charts are drawn from. */
export class Figures {
  readonly charts: ChartSpec[] = [];
  readonly #transports: readonly TransportStyle[];
  readonly #indexes: ReadonlyMap<string, number>;

  constructor(transports: readonly TransportStyle[]) {
    this.#transports = transports;
    this.#indexes = new Map(transports.map(({ name }, index) => [name, index]));
  }

  section(section: Section): Markup {
    const bars = groupBy(section.bars, ({ title }) => title).flat();
    const compared = bars.filter(({ series }) => series.length > 1);
    const singles = bars.filter(({ series }) => series.length === 1);
    return html`<section id="${section.id}" aria-labelledby="${section.id}-title">
<h2 id="${section.id}-title">${section.title}</h2>
<p class="lead">${section.lead}</p>
${section.latencies.map((group, index) => this.#latency(`${section.id}-${index}`, group))}
${section.curves.map((group, index) => {
  const id = `${section.id}-curve-${index}`;
  const label = `${group.title}, ${placementText(group.placement)}`;
  const chart = curveChart(id, group, this.#transportOf);
  return html`<div class="wide">${this.#figure(chart, label, `${group.unit} over the payload`, curveTable(label, group))}</div>`;
})}
${this.#bars(compared)}
${
  singles.length === 0
    ? null
    : html`<figure class="wide">${singlesTable(
        compared.length === 0 ? section.title : `More of ${section.title.toLowerCase()}`,
        singles.map(({ title, series }) => ({ title, series: series[0] as Series })),
      )}</figure>`
}
</section>`;
  }

  #bars(groups: readonly BarGroup[]): Markup | null {
    if (groups.length === 0) return null;
    const styleOf = (series: Series) => this.#transports[this.#transportOf(series)] as TransportStyle;
    return html`<div class="pair">${groups.map(
      (group) =>
        html`<figure>${barTable(group, `${group.title}, ${placementText(group.placement)}`, styleOf)}</figure>`,
    )}</div>`;
  }

  #latency(id: string, { title, placements }: LatencyGroup): Markup {
    const drawn = placements.filter(({ series }) => withLatency(series).length > 0);
    const figures = drawn.map(({ placement, series }, index) => {
      const [histogram, cdf] = latencyCharts(`${id}-${index}`, series, this.#transportOf);
      const label = `${title}, ${placementText(placement)}`;
      const table = latencyTable(label, series);
      return {
        histogram: this.#figure(
          histogram,
          label,
          'how often each time was seen; every row as high as its own peak, a line at the median',
          table,
        ),
        cdf: this.#figure(cdf, label, 'share of the round trips that were done within a time', table),
      };
    });
    return html`<h3>${title}</h3>
<div class="pair">${figures.map(({ histogram }) => histogram)}</div>
<div class="pair">${figures.map(({ cdf }) => cdf)}</div>`;
  }

  #figure(chart: ChartSpec, title: string, what: string, table: Markup): Markup {
    this.charts.push(chart);
    const names = chart.series.map(({ transport }) => this.#transports[transport]?.name).join(', ');
    const tail = html`<button type="button" class="option" data-tail="${chart.id}" aria-pressed="false">Open the tail</button>`;
    return html`<figure>
<figcaption><b>${title}</b> <span>${what}</span></figcaption>
<div class="chart ${chart.kind}" data-chart="${chart.id}" role="img" aria-label="${title}: ${what}. ${names}. The table below has the figures."></div>
<div class="keys">${
      chart.kind === 'histogram' ? null : chart.series.map(({ transport }) => this.#key(transport))
    }${chart.kind === 'cdf' ? tail : null}<span class="place" data-place></span></div>
<details><summary>Figures</summary>${table}</details>
</figure>`;
  }

  #key(transport: number): Markup {
    const { name, color, dash } = this.#transports[transport] as TransportStyle;
    return html`<button type="button" class="key" data-transport="${transport}" aria-pressed="true"><svg class="t${color} d${dash}" aria-hidden="true" width="22" height="10"><line x1="0" x2="22" y1="5" y2="5"/></svg>${name} <output></output></button>`;
  }

  readonly #transportOf = ({ transport }: Series): number => this.#indexes.get(transport) ?? 0;
}

/** Where the ends ran, in words. */
export function placementText(placement: Placement): string {
  if (placement === 'same core') return 'both ends on one core';
  return placement === 'split cores' ? 'ends on two cores' : 'not pinned';
}

/** What a series measures: `in flight, 4 KiB, 64 at a time`. */
export function workTitle({ workload, payload, inFlight }: Series): string {
  return [
    workload.charAt(0).toUpperCase() + workload.slice(1),
    payload === undefined ? '' : bytes(payload),
    inFlight === undefined ? '' : `${inFlight.toLocaleString('en-US')} at a time`,
  ]
    .filter((part) => part !== '')
    .join(', ');
}
