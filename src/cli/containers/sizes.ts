/** Sizes in bytes: as they are typed, and as people read them. */
import { badValue } from './usage.js';

const UNITS = ['', 'k', 'm', 'g', 't', 'p'] as const;

/** One mebibyte, the grain of memory. */
export const MIB = 1024 ** 2;

/**
 * Reads `512`, `64k`, `1.5G` or `1GiB`; units are powers of 1024, as apple/container and docker read them.
 * @throws LaunchportError ERR_USAGE
 */
export function parseSize(option: string, text: string): number {
  const parts = /^(\d+(?:\.\d+)?)\s*([kmgtp]?)(?:i?b)?$/i.exec(text.trim());
  const power = (UNITS as readonly (string | undefined)[]).indexOf(parts?.[2]?.toLowerCase());
  const bytes = Math.floor(Number(parts?.[1]) * 1024 ** power);
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw badValue(option, text, 'a size above 0 such as 64M or 1G');
}

/** Bytes with the unit that suits: `12.34 MiB`. */
export function sizeText(bytes: number | bigint): string {
  let value = Number(bytes);
  let power = 0;
  while (value >= 1024 && power < UNITS.length - 1) {
    value /= 1024;
    power += 1;
  }
  const unit = UNITS[power];
  return unit === undefined || unit === '' ? `${value} B` : `${value.toFixed(2)} ${unit.toUpperCase()}iB`;
}
