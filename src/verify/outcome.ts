/** How a check ends that does not pass. */

/** The plugin does not do what the check asks. */
export class CheckFailure extends Error {
  /** What to do about it. */
  readonly advice: string;

  constructor(why: string, advice: string) {
    super(why);
    this.advice = advice;
  }
}

/** The check cannot be made here. */
export class CheckSkip extends Error {}
