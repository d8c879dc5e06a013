/** Axes: where their lines are, and what stands beside them. */

/** Marks of a logarithmic axis: 1, 2, … 9 of each power of ten within the range. */
export function logTicks(min: number, max: number): number[] {
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(min)); power <= Math.ceil(Math.log10(max)); power++) {
    for (let digit = 1; digit < 10; digit++) {
      const tick = digit * 10 ** power;
      if (tick >= min * 0.9999 && tick <= max * 1.0001) ticks.push(tick);
    }
  }
  return ticks;
}

/** Which of them are named, in so many decades on so many pixels: all powers of ten, and 2 and 5 where there is room. */
export function isNamed(tick: number, pixelsPerDecade: number): boolean {
  const digit = Math.round(tick / 10 ** Math.floor(Math.log10(tick * 1.0001)));
  return digit === 1 || (pixelsPerDecade > 150 && (digit === 2 || digit === 5));
}

/** Powers of two, every so many that at most `most` are left. */
export function byteTicks(min: number, max: number, most: number): number[] {
  const first = Math.ceil(Math.log2(min));
  const last = Math.floor(Math.log2(max));
  const step = Math.max(1, Math.ceil((last - first + 1) / Math.max(2, most)));
  const ticks: number[] = [];
  for (let power = first; power <= last; power += step) ticks.push(2 ** power);
  return ticks;
}

/** Microseconds in the unit that suits: `7.4 µs`, `12 ms`. */
export function timeText(microseconds: number): string {
  if (microseconds >= 999_500) return `${digits(microseconds / 1e6)} s`;
  if (microseconds >= 999.5) return `${digits(microseconds / 1e3)} ms`;
  return `${digits(microseconds)} µs`;
}

/** Three digits at most, none that say nothing. */
export function digits(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)));
}

/** A share on the axis of nines: 90 % is 1, 99 % is 2. All of n samples is as far as n can tell. */
export function nines(share: number, count: number): number {
  const limit = Math.log10(Math.max(10, count));
  return Math.min(limit, -Math.log10(Math.max(1e-12, 1 - share)));
}

/** `99.9%` for 3 nines. */
export function ninesText(value: number): string {
  const share = 100 - 100 * 10 ** -value;
  const decimals = Math.max(0, Math.round(value) - 2);
  return `${share.toFixed(decimals)}%`;
}

export function percentText(share: number): string {
  const percent = share * 100;
  if (percent >= 99.9 && percent < 100) return `${percent.toFixed(3)}%`;
  return `${percent >= 9.95 || percent === 0 ? percent.toFixed(1) : percent.toPrecision(2)}%`;
}
