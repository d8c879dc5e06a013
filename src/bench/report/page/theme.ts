/** Colours, as the style sheet has them at this moment: light, dark, or on paper. */
import type { TransportStyle } from './shapes.js';

export interface Theme {
  readonly text: string;
  readonly muted: string;
  readonly grid: string;
  readonly colorOf: (style: TransportStyle) => string;
}

/** Patterns of lines, by {@link TransportStyle.dash}, as in the style sheet. */
export const DASHES: readonly (readonly number[])[] = [[], [6, 4], [2, 3], [9, 3, 2, 3]];

export function currentTheme(): Theme {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string) => style.getPropertyValue(name).trim();
  return {
    text: read('--text'),
    muted: read('--muted'),
    grid: read('--grid'),
    colorOf: ({ color }) => read(`--c${color}`),
  };
}

/** A colour of the style sheet (`#rrggbb`) that lets through what is below it. */
export function faded(color: string, opacity: number): string {
  const part = Math.round(opacity * 255)
    .toString(16)
    .padStart(2, '0');
  return `${color}${part}`;
}
