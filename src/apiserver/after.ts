/** Handlers that wait until the server knows what it keeps. */

type Handler = (request: never, context: never) => unknown;

/** The same handlers, each called when `loaded` has settled. Not for streams. */
export function after<H extends Readonly<Record<string, Handler>>>(loaded: Promise<unknown>, handlers: H): H {
  const waiting = Object.entries(handlers).map(([name, handler]): [string, Handler] => [
    name,
    async (request, context) => {
      await loaded;
      return handler(request, context);
    },
  ]);
  return Object.fromEntries(waiting) as unknown as H;
}
