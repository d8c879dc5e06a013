/** What the page is given to draw: the shapes between the renderer in Node and the script in the browser. */

/** How a transport looks wherever it appears. */
export interface TransportStyle {
  readonly name: string;
  /** Which of the page's colours: `--c0` … `--c8`. */
  readonly color: number;
  /** Which of {@link DASHES}. */
  readonly dash: number;
  /** Ours are drawn stronger. */
  readonly isOurs: boolean;
}

/** `histogram`: a row for each transport. `cdf`: shares up to a time. `curve`: log-log over the payload. */
export type ChartKind = 'histogram' | 'cdf' | 'curve';

/** One transport in one chart. */
export interface ChartSeries {
  /** Index into {@link PageData.transports}. */
  readonly transport: number;
  /** One for each of {@link ChartSpec.x}; null where there is nothing. */
  readonly values: readonly (number | null)[];
  /** Of a distribution, in microseconds. */
  readonly marks?: { readonly p50: number; readonly p99: number; readonly count: number };
}

/** One chart: drawn into the element with `data-chart` of this id. */
export interface ChartSpec {
  readonly id: string;
  readonly kind: ChartKind;
  /** Ascending, above 0: bounds of the buckets in µs, or bytes of payload. */
  readonly x: readonly number[];
  /** What is shown at first. */
  readonly xRange: readonly [number, number];
  /** What is shown with the tail open. */
  readonly xRangeOfTail?: readonly [number, number];
  /** Charts with the same word share their cursor. */
  readonly cursor?: string;
  readonly xUnit: 'µs' | 'bytes';
  /** As it stands beside a number. */
  readonly yUnit: string;
  readonly series: readonly ChartSeries[];
}

/** All that the script reads. */
export interface PageData {
  readonly transports: readonly TransportStyle[];
  readonly charts: readonly ChartSpec[];
}
