/** Checks of the routes that apple/container knows of a type: what they make of requests that are wrong. */
import { createEndpoint, networkProtocol, runtimeProtocol } from '../compat/index.js';
import type { ServiceType } from '../plugin/index.js';
import { ROUTE_KEY, type Route, type WireShape } from '../routes/index.js';
import { type XpcConnection, type XpcDictionary, XpcEndpoint, type XpcValue } from '../xpc/index.js';
import { type Answer, isAnswer, readError } from './answer.js';
import type { JobCheck } from './check.js';
import { CheckFailure, CheckSkip } from './outcome.js';
import type { Subject } from './subject.js';

/** What a request to a route led to, without the error of a plugin that does not have the route. */
export async function expectReply(
  subject: Subject,
  connection: XpcConnection,
  route: Route,
  body: XpcDictionary = {},
): Promise<XpcDictionary> {
  const answer = await subject.askOn(connection, route.name, { [ROUTE_KEY]: route.name, ...body });
  if (answer.kind === 'success') return answer.reply;
  if (!isAnswer(answer)) throw new CheckFailure(`${route.name} is not answered`, SILENCE_ADVICE);
  const error = answer.kind === 'error' ? readError(answer.reply) : 'it is not answered';
  if (typeof error !== 'string' && error.code === 'unsupported')
    throw new CheckSkip(`it does not have the route ${route.name}`);
  const text = typeof error === 'string' ? error : `${error.code}: ${error.message}`;
  throw new CheckFailure(
    `${route.name} answers ${text}`,
    'Answer it: hosts call it with exactly these keys.',
  );
}

/** Decodes a key of a reply as hosts do. @throws CheckFailure */
export function decodeKey<S extends WireShape, K extends keyof S & string>(
  route: Route<WireShape, S>,
  reply: XpcDictionary,
  key: K,
): ReturnType<S[K]['decode']> {
  const value = reply[key];
  try {
    if (value === undefined) throw new Error('it is missing');
    return route.reply[key]?.decode(value) as ReturnType<S[K]['decode']>;
  } catch (error) {
    throw new CheckFailure(
      `${route.name}: the key ${key} of its reply cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      'Send what apple/container sends: structured values are JSON in data.',
    );
  }
}

/** A connection to where a runtime's routes are: the endpoint, or, without one, the Mach service. */
export async function runtimeConnection(subject: Subject): Promise<XpcConnection> {
  const service = subject.job.connect('runtime');
  try {
    const reply = await expectReply(subject, service, createEndpoint);
    const endpoint = reply.runtimeServiceEndpoint;
    if (!(endpoint instanceof XpcEndpoint)) return service;
    service.cancel();
    return subject.bench.host.transport.connect(endpoint);
  } catch (error) {
    if (error instanceof CheckSkip) return service;
    service.cancel();
    throw error;
  }
}

const SILENCE_ADVICE = 'Answer every request, also one that cannot be served: with an error.';

const LONG = 'with a megabyte in a key';

/** Requests to a route that lack a key, have one of another type, or hold garbage. */
function badRequests(route: Route): readonly (readonly [string, XpcDictionary])[] {
  const needed = Object.entries(route.request).filter(([, type]) => !type.isOptional);
  const keys = Object.entries(route.request);
  if (keys.length === 0) return [];
  const all = (value: (name: string) => XpcValue): XpcDictionary =>
    Object.fromEntries(keys.map(([key, type]) => [key, value(type.xpcType)]));
  return [
    ...(needed.length === 0 ? [] : [['without its keys', {}] as const]),
    ['with keys of other types', all((type) => (type === 'bool' ? 'yes' : true))],
    ...(keys.some(([, { xpcType }]) => xpcType === 'data')
      ? [
          [
            'with garbage for JSON',
            all((type) => (type === 'data' ? Uint8Array.of(0x7b, 0xff) : 'x')),
          ] as const,
        ]
      : []),
    [LONG, all((type) => (type === 'data' ? new Uint8Array(1 << 20) : 'x'.repeat(1 << 20)))],
  ];
}

/** Left out: what would end the helper, and what has nothing that could be wrong. */
const LEFT_OUT = new Set(['com.apple.container.runtime/shutdown']);

function badRequestCheck(
  type: ServiceType,
  routes: readonly Route[],
  connect: (subject: Subject) => Promise<XpcConnection>,
): JobCheck {
  return {
    id: `${type}-bad-requests`,
    title: `answers bad requests to each ${type} route with an error`,
    severity: 'required',
    type,
    async run(subject) {
      const before = await subject.running();
      const answers: Answer[] = [];
      const connection = await connect(subject);
      try {
        for (const route of routes.filter(({ name }) => !LEFT_OUT.has(name))) {
          for (const [what, body] of badRequests(route)) {
            const asked = `${route.name} ${what}`;
            const answer = await subject.askOn(connection, asked, { [ROUTE_KEY]: route.name, ...body });
            answers.push(answer);
            // One that is merely long may be served.
            if (answer.kind === 'error' || (what === LONG && isAnswer(answer))) continue;
            await subject.expectAlive(before, answers, asked, SILENCE_ADVICE);
            throw new CheckFailure(
              `${asked} ${answer.kind === 'success' ? 'succeeds' : 'is not answered'}`,
              'Check every key before using it, and answer invalidArgument.',
            );
          }
        }
      } finally {
        connection.cancel();
      }
      await subject.expectAlive(before, answers, 'bad requests', SILENCE_ADVICE);
      return `${answers.length} requests`;
    },
  };
}

/** For both types that apple/container knows the routes of. */
export const BAD_REQUEST_CHECKS: readonly JobCheck[] = [
  badRequestCheck('network', Object.values(networkProtocol.routes), async ({ job }) =>
    job.connect('network'),
  ),
  badRequestCheck('runtime', Object.values(runtimeProtocol.routes), runtimeConnection),
];
