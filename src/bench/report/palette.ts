/** Which transport looks how: the same colour and dash in every chart, told apart also without seeing colours. */
import type { Series } from '../model.js';
import type { TransportStyle } from './page/shapes.js';

/** `--c0` and `--c1` are ours, `--c2` is the floor, the rest are the peers'. */
const FIRST_PEER_COLOR = 3;
const PEER_COLORS = 6;
const DASHES = 4;

/** Whether it is launchport in one of its modes. */
export function isOurs(transport: string): boolean {
  return /^launchport\b/.test(transport);
}

/** Whether it is the program in C that everything is compared with. */
export function isFloor(transport: string): boolean {
  return /^floor\b/.test(transport);
}

/** Ours first, then the floor, then the peers in the order of the report. */
export function transportStyles(series: readonly Series[]): readonly TransportStyle[] {
  const names = [...new Set(series.map(({ transport }) => transport))];
  const ours = names.filter(isOurs).sort((a, b) => a.length - b.length);
  const floors = names.filter(isFloor);
  const peers = names.filter((name) => !isOurs(name) && !isFloor(name));
  return [
    ...ours.map((name, index) => ({
      name,
      color: Math.min(index, 1),
      dash: (DASHES - index) % DASHES,
      isOurs: true,
    })),
    ...floors.map((name, index) => ({ name, color: 2, dash: (index + 1) % DASHES, isOurs: false })),
    ...peers.map((name, index) => ({
      name,
      color: FIRST_PEER_COLOR + (index % PEER_COLORS),
      dash: Math.floor(index / PEER_COLORS) % DASHES,
      isOurs: false,
    })),
  ];
}
