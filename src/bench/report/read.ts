/** Reports read back from files, so that a page can be made again without measuring: checked before anything trusts them. */
import { LaunchportError } from '../../base/index.js';
import type { BenchReport } from '../model.js';

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === 'string';
const number: Check = (value) => typeof value === 'number' && Number.isFinite(value);
const flag: Check = (value) => typeof value === 'boolean';
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const list =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const record =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isRecord(value) && Object.entries(checks).every(([key, check]) => check(value[key]));

const latency = record({
  count: number,
  min: number,
  p50: number,
  p90: number,
  p99: number,
  p999: number,
  max: number,
  buckets: list(record({ upTo: (value) => number(value) && (value as number) > 0, count: number })),
});
const parts: Readonly<Record<string, Check>> = {
  createdAt: text,
  environment: record({
    platform: text,
    kernel: text,
    architecture: text,
    cpu: text,
    cores: number,
    memory: number,
    node: text,
    launchport: text,
    versions: (value) => isRecord(value) && Object.values(value).every(text),
    load: number,
  }),
  method: record({ rounds: number, effort: text, isPinned: flag }),
  rows: list(
    record({
      name: text,
      value: number,
      unit: text,
      floor: orNull(number),
      ratioToFloor: orNull(number),
      bestPeer: orNull(number),
      ratioToBestPeer: orNull(number),
      bestPeerName: orNull(text),
      spread: (value) => list(number)(value) && (value as readonly number[]).length === 2,
      target: orNull(text),
      isReached: orNull(flag),
    }),
  ),
  series: list(
    record({
      transport: text,
      workload: text,
      payload: optional(number),
      inFlight: optional(number),
      placement: text,
      unit: text,
      rounds: list(number),
      median: number,
      latency: optional(latency),
    }),
  ),
  skipped: list(record({ name: text, reason: text })),
};

/**
 * The report that `launchport bench --json` printed.
 * @throws LaunchportError ERR_USAGE for text that is no report, or one of another version
 */
export function parseReport(json: string): BenchReport {
  const value = parsed(json);
  if (!isRecord(value)) throw refusal('it is not a JSON object');
  if (value.version !== 1) throw refusal('its version is not 1');
  const wrong = Object.entries(parts).find(([key, check]) => !check(value[key]));
  if (wrong) throw refusal(`its "${wrong[0]}" is not as it should be`);
  return value as unknown as BenchReport;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw refusal('it is not JSON', error);
  }
}

function refusal(what: string, cause?: unknown): LaunchportError {
  return new LaunchportError('ERR_USAGE', `This is no report of a benchmark: ${what}`, {
    cause,
    hint: 'Give the file that `launchport bench --json` printed.',
  });
}
