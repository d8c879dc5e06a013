/** Numbers as people read them: three significant digits, units in words, sizes in powers of two. */
import type { Unit } from '../model.js';

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const NOTHING = '–';

/** Three significant digits, never fewer than the whole part has. */
export function significant(value: number): string {
  if (!Number.isFinite(value)) return NOTHING;
  const size = Math.abs(value);
  if (size >= 99.95) return grouped.format(value);
  if (size >= 9.995) return value.toFixed(1);
  if (size >= 0.9995) return value.toFixed(2);
  return size === 0 ? '0' : value.toPrecision(2);
}

/** A figure without its unit: rates in thousands (`k`) and millions (`M`), counts without a fraction they do not have. */
export function figure(value: number | null, unit: Unit): string {
  if (value === null) return NOTHING;
  if (unit === 'count' && Number.isInteger(value)) return grouped.format(value);
  if (unit.endsWith('/s') && unit !== 'MB/s') {
    if (Math.abs(value) >= 999_500) return `${significant(value / 1e6)} M`;
    if (Math.abs(value) >= 9_995) return `${significant(value / 1e3)} k`;
  }
  return significant(value);
}

/** A figure with its unit. A count and a ratio have none. */
export function withUnit(value: number | null, unit: Unit): string {
  if (value === null || unit === 'count') return figure(value, unit);
  return unit === 'ratio' ? times(value) : `${figure(value, unit)} ${unit}`;
}

/** `2.31 ×`. */
export function times(ratio: number | null): string {
  return ratio === null ? NOTHING : `${significant(ratio)} ×`;
}

/** Bytes in the largest unit that divides them well. */
export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  const step = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, count)) / 10)));
  const value = count / 1024 ** step;
  return `${Number.isInteger(value) ? value : significant(value)} ${units[step]}`;
}

/** A moment in UTC to the minute; what is no date stays as it is. */
export function moment(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' }).format(date);
  return `${day}, ${date.toISOString().slice(11, 16)} UTC`;
}
