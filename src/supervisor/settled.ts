/** A promise that several callers may wait for, settled from outside. */

/** A promise and its two ends. A rejection that nobody waits for is not an unhandled one. */
export interface Settled<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: Error): void;
}

/** Makes one that is not settled yet. */
export function settled<T>(): Settled<T> {
  let resolve: (value: T) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  promise.catch(() => {});
  return { promise, resolve, reject };
}
