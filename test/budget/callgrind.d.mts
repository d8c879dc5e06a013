/** A function, and the file (the program or a library) that it is in. */
export interface Place {
  readonly object: string;
  readonly name: string;
}

export interface Cost {
  readonly instructions: number;
  readonly systemCalls: number;
}

/** `self` is what functions did themselves, in any number of pieces; the cost of a call is that of all below it. */
export interface Profile {
  readonly self: readonly (Place & Cost)[];
  readonly calls: readonly (Place & Cost & { readonly to: Place; readonly count: number })[];
}

export interface Counts {
  /** Of the addon, and of the libraries that it calls. */
  readonly addonInstructions: number;
  /** Of everything else in user space. */
  readonly otherInstructions: number;
  /** Of the whole process. */
  readonly systemCalls: number;
  /** Calls from Node into the addon and from the addon into Node, libuv included. */
  readonly crossings: number;
  /** Blocks and mappings that the addon asked for. */
  readonly allocations: number;
}

export function parseProfile(text: string): Profile;
export function countsOf(profile: Profile): Counts;
export function hottest(profile: Profile, limit: number): [name: string, instructions: number][];
