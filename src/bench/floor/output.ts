/** What the C programs print: one line of JSON for a result. `native/bench/measure.h` writes it. */
import { LaunchportError } from '../../base/index.js';
import type { LatencySummary } from '../model.js';

/** How often something was done in a second. */
export interface FloorRate {
  readonly messagesPerSecond: number;
  readonly megabytesPerSecond: number;
  /** Where connections were made as part of it. */
  readonly connectionsPerSecond?: number;
}

const QUANTILES = ['min', 'p50', 'p90', 'p99', 'p999', 'max'] as const;

/**
 * Reads a distribution.
 * @throws LaunchportError ERR_INTERNAL when it is none
 */
export function parseLatency(text: string): LatencySummary {
  const fields = parseLine(text);
  const { buckets } = fields;
  if (!Array.isArray(buckets)) throw unreadable(text);
  const [min, p50, p90, p99, p999, max] = QUANTILES.map((name) => positive(fields, name, text));
  return {
    count: positive(fields, 'count', text),
    ...({ min, p50, p90, p99, p999, max } as Record<(typeof QUANTILES)[number], number>),
    buckets: buckets.map((entry: unknown) => {
      if (!Array.isArray(entry) || !entry.every(isPositive) || entry.length !== 2) throw unreadable(text);
      return { upTo: entry[0] as number, count: entry[1] as number };
    }),
  };
}

/**
 * Reads a rate.
 * @throws LaunchportError ERR_INTERNAL when it is none
 */
export function parseRate(text: string): FloorRate {
  const fields = parseLine(text);
  return {
    messagesPerSecond: positive(fields, 'messagesPerSecond', text),
    megabytesPerSecond: positive(fields, 'megabytesPerSecond', text),
    ...('connectionsPerSecond' in fields
      ? { connectionsPerSecond: positive(fields, 'connectionsPerSecond', text) }
      : {}),
  };
}

function parseLine(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw unreadable(text, cause);
  }
  if (typeof value !== 'object' || value === null) throw unreadable(text);
  return value as Record<string, unknown>;
}

function isPositive(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}

function positive(fields: Record<string, unknown>, name: string, text: string): number {
  const value = fields[name];
  if (!isPositive(value)) throw unreadable(text);
  return value;
}

function unreadable(text: string, cause?: unknown): LaunchportError {
  return new LaunchportError('ERR_INTERNAL', `the floor printed no result: ${text.slice(0, 200)}`, { cause });
}
