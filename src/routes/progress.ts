/** Progress updates as apple/container sends them: one-way messages to an endpoint that came with the request. */
import type { XpcDictionary, XpcValue } from '../xpc/index.js';

/** Endpoint key of a request whose sender wants to hear of progress (apple/container, XPCKeys). */
export const PROGRESS_ENDPOINT_KEY = 'progressUpdateEndpoint';

/**
 * One step of progress. Texts replace the ones before; counts are set, or added to what they were: of both, the one
 * that is set counts, as upstream reads them. Upstream also takes a count of 0 for none.
 */
export interface ProgressUpdate {
  readonly description?: string;
  readonly subDescription?: string;
  /** What the items are, such as `blobs`. */
  readonly itemsName?: string;
  readonly tasks?: number;
  readonly addTasks?: number;
  readonly totalTasks?: number;
  readonly addTotalTasks?: number;
  readonly items?: number;
  readonly addItems?: number;
  readonly totalItems?: number;
  readonly addTotalItems?: number;
  /** Bytes. */
  readonly size?: number;
  readonly addSize?: number;
  readonly totalSize?: number;
  readonly addTotalSize?: number;
}

/** Where the work stands: all updates so far together. */
export interface Progress {
  readonly description?: string;
  readonly subDescription?: string;
  readonly itemsName?: string;
  readonly tasks?: number;
  readonly totalTasks?: number;
  readonly items?: number;
  readonly totalItems?: number;
  /** Bytes. */
  readonly size?: number;
  readonly totalSize?: number;
}

const TEXTS = ['description', 'subDescription', 'itemsName'] as const;
const COUNTS = ['tasks', 'totalTasks', 'items', 'totalItems', 'size', 'totalSize'] as const;

type Text = (typeof TEXTS)[number];
type Count = (typeof COUNTS)[number];
type Added = `add${Capitalize<Count>}`;
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The key of a field on the wire, as upstream spells it: `progressUpdateSetTotalTasks`. */
function wireKey(verb: 'Set' | 'Add', field: Text | Count): string {
  return `progressUpdate${verb}${field.charAt(0).toUpperCase()}${field.slice(1)}`;
}

function added(field: Count): Added {
  return `add${field.charAt(0).toUpperCase()}${field.slice(1)}` as Added;
}

/**
 * Encodes an update, with counts as int64.
 * @throws RangeError for a count that is not a safe integer
 */
export function encodeProgress(update: ProgressUpdate): XpcDictionary {
  const message: Record<string, XpcValue> = {};
  for (const field of TEXTS) {
    const text = update[field];
    if (text !== undefined) message[wireKey('Set', field)] = text;
  }
  for (const field of COUNTS) {
    const isSet = update[field] !== undefined;
    const name = isSet ? field : added(field);
    const count = update[name];
    if (count === undefined) continue;
    if (!Number.isSafeInteger(count)) throw new RangeError(`progress: ${name} is no integer: ${count}`);
    message[wireKey(isSet ? 'Set' : 'Add', field)] = BigInt(count);
  }
  return message;
}

/** Decodes an update. What is of another type, or too large for a number, is left out: it is only told, not used. */
export function decodeProgress(message: XpcDictionary): ProgressUpdate {
  const update: Mutable<ProgressUpdate> = {};
  for (const field of TEXTS) {
    const text = message[wireKey('Set', field)];
    if (typeof text === 'string') update[field] = text;
  }
  for (const field of COUNTS) {
    const set = countOf(message[wireKey('Set', field)]);
    const add = countOf(message[wireKey('Add', field)]);
    if (set !== undefined) update[field] = set;
    if (add !== undefined) update[added(field)] = add;
  }
  return update;
}

function countOf(value: XpcValue | undefined): number | undefined {
  const count = typeof value === 'bigint' ? Number(value) : undefined;
  return Number.isSafeInteger(count) ? count : undefined;
}

/** The two updates as one. */
export function mergeProgress(first: ProgressUpdate, second: ProgressUpdate): ProgressUpdate {
  const merged: Mutable<ProgressUpdate> = { ...first, ...second };
  for (const field of COUNTS) {
    const name = added(field);
    const add = second[name];
    if (second[field] !== undefined) delete merged[name];
    else if (add !== undefined && first[field] !== undefined) {
      merged[field] = first[field] + add;
      delete merged[name];
    } else if (add !== undefined) merged[name] = (first[name] ?? 0) + add;
  }
  return merged;
}

/** Where the work stands after an update. */
export function applyProgress(progress: Progress, update: ProgressUpdate): Progress {
  const next: Mutable<Progress> = { ...progress };
  for (const field of TEXTS) {
    const text = update[field];
    if (text !== undefined) next[field] = text;
  }
  for (const field of COUNTS) {
    const more = update[added(field)];
    if (update[field] !== undefined) next[field] = update[field];
    else if (more !== undefined) next[field] = (next[field] ?? 0) + more;
  }
  return next;
}
