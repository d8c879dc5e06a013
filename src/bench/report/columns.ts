/** What the tables of series say of each: percentiles, spread over the rounds, distance to the floor. */
import type { LatencySummary, Series } from '../model.js';
import { figure, significant, times } from './format.js';

/** A column of numbers. */
export interface Column {
  readonly title: string;
  readonly textOf: (series: Series) => string;
}

/** `6.9 to 7.8` over the rounds; nothing where there was one, or all were equal. */
export function spreadOf({ rounds, unit }: Series): string {
  if (rounds.length < 2) return '';
  const [least, most] = [figure(Math.min(...rounds), unit), figure(Math.max(...rounds), unit)];
  return least === most ? '' : `${least} to ${most}`;
}

const percentiles: readonly (readonly [string, (latency: LatencySummary) => number])[] = [
  ['min', ({ min }) => min],
  ['p50', ({ p50 }) => p50],
  ['p90', ({ p90 }) => p90],
  ['p99', ({ p99 }) => p99],
  ['p99.9', ({ p999 }) => p999],
  ['max', ({ max }) => max],
];

/** Percentiles in µs, and the median against the floor's. */
export function latencyTableColumns(floor: Series | undefined): readonly Column[] {
  const base = floor?.latency?.p50;
  return [
    ...percentiles.map(([title, of]) => ({
      title: `${title} µs`,
      textOf: ({ latency }: Series) => (latency ? significant(of(latency)) : '–'),
    })),
    {
      title: 'p50 ÷ floor',
      textOf: ({ latency }) => (latency && base !== undefined && base > 0 ? times(latency.p50 / base) : '–'),
    },
    { title: 'p50 by round', textOf: spreadOf },
    {
      title: 'samples',
      textOf: ({ latency }) => (latency ? figure(latency.count, 'count') : '–'),
    },
  ];
}
