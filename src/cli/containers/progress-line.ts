/** How far long work is: one line of a terminal that is drawn anew, or a line for each step. */
import { printable } from '../../base/index.js';
import type { Progress, ProgressListener } from '../../routes/index.js';
import type { CliContext } from '../context.js';
import { sizeText } from './sizes.js';

/** What `--progress` may say. */
export const PROGRESS_TYPES = ['auto', 'none', 'ansi', 'plain', 'color'] as const;
export type ProgressType = (typeof PROGRESS_TYPES)[number];

/** Milliseconds between two drawings. */
const PACE_MS = 100;
const CLEAR = '\r\u001b[K';

/** Shows progress on stderr; {@link ProgressLine.done} takes the line away. */
export class ProgressLine implements Disposable {
  readonly #context: CliContext;
  readonly #isDrawn: boolean;
  readonly #isPlain: boolean;
  #text = '';
  #drawnAt = Number.NEGATIVE_INFINITY;
  #isVisible = false;

  /** `auto`: drawn when stderr is a terminal, and nothing otherwise. */
  constructor(context: CliContext, type: ProgressType) {
    this.#context = context;
    this.#isDrawn =
      type === 'ansi' ||
      type === 'color' ||
      (type === 'auto' && context.terminal(context.descriptors[2]) !== undefined);
    this.#isPlain = type === 'plain';
  }

  /** For a call's `onProgress`; undefined when nothing is shown, and then nobody need tell. */
  get listener(): ProgressListener | undefined {
    return this.#isDrawn || this.#isPlain ? (progress) => this.show(progress) : undefined;
  }

  /** Shows where the work stands. */
  show(progress: Progress): void {
    if (this.#isPlain) this.#step(progress.description ?? '');
    const now = performance.now();
    if (!this.#isDrawn || now - this.#drawnAt < PACE_MS) return;
    this.#drawnAt = now;
    this.#isVisible = true;
    const width = this.#context.terminal(this.#context.descriptors[2])?.size()?.columns ?? 80;
    this.#context.stderr.write(CLEAR + printable(lineOf(progress)).slice(0, width - 1));
  }

  /** Takes the line away. */
  done(): void {
    if (this.#isVisible) this.#context.stderr.write(CLEAR);
    this.#isVisible = false;
  }

  [Symbol.dispose](): void {
    this.done();
  }

  #step(text: string): void {
    if (text === '' || text === this.#text) return;
    this.#text = text;
    this.#context.stderr.write(`${printable(text)}\n`);
  }
}

function lineOf(progress: Progress): string {
  const { description = 'Working', subDescription, itemsName = '' } = progress;
  const parts = [
    progress.totalTasks ? `[${progress.tasks ?? 0}/${progress.totalTasks}]` : '',
    description,
    subDescription ?? '',
    progress.items === undefined ? '' : `${count(progress.items, progress.totalItems)} ${itemsName}`.trim(),
    progress.size === undefined
      ? ''
      : `${sizeText(progress.size)}${progress.totalSize ? ` of ${sizeText(progress.totalSize)}` : ''}`,
  ];
  return parts.filter((part) => part !== '').join(' ');
}

function count(items: number, total: number | undefined): string {
  return total ? `${items}/${total}` : String(items);
}
