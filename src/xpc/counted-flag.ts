/** A flag of the binding that is set while at least one of many wants it. */

/** Counts who wants the flag. Within a burst the count often goes to and fro; only the outcome is told. */
export class CountedFlag {
  readonly #tell: (isSet: boolean) => void;
  #count = 0;
  #isTold = false;

  constructor(tell: (isSet: boolean) => void) {
    this.#tell = tell;
  }

  add(): void {
    this.#count++;
  }

  remove(): void {
    this.#count--;
  }

  /** Tells the state, if it is another one than was told last. */
  settle(): void {
    const isSet = this.#count > 0;
    if (isSet === this.#isTold) return;
    this.#isTold = isSet;
    this.#tell(isSet);
  }

  /** Unsets the flag, whatever the count. */
  clear(): void {
    this.#count = 0;
    this.settle();
  }
}
