/** Keeps what a hostile peer can cause at will from filling the log. */

/** So many of a kind are logged each; then only every one whose number is a power of two. */
const LOGGED_EACH = 100;

/** Whether the `count`-th of a kind is to be logged. */
export function isLogged(count: number): boolean {
  return count <= LOGGED_EACH || Number.isInteger(Math.log2(count));
}
