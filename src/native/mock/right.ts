/** What a message can carry, seen from who passes it on. */

/** One thing that a message can carry. Counted: who keeps one retains it, and releases it when done. */
export interface MockRight {
  /** One of {@link Right}. */
  readonly kind: number;
  retain(): void;
  release(): void;
}

export function releaseAll(rights: readonly MockRight[]): void {
  for (const right of rights) right.release();
}
