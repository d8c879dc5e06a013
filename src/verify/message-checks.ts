/** Checks of any service, whatever its routes: what it makes of messages that are wrong, many, or cut off. */
import type { ServiceType } from '../plugin/index.js';
import { isRouteErrorCode, ROUTE_ERROR_CODES, ROUTE_KEY } from '../routes/index.js';
import { uint64, type XpcDictionary, type XpcValue } from '../xpc/index.js';
import { type Answer, isAnswer, readError } from './answer.js';
import type { JobCheck } from './check.js';
import { CheckFailure, CheckSkip } from './outcome.js';
import { explain, NO_ROUTE, type Subject } from './subject.js';

const SILENCE_ADVICE = 'Answer every request: apple/container waits for ever for a reply that does not come.';

async function expectError(
  subject: Subject,
  what: string,
  message: XpcDictionary,
  advice: string,
): Promise<undefined> {
  for (const type of subject.plan.types) {
    const answer = await subject.ask(type, what, message);
    if (answer.kind === 'error') continue;
    throw new CheckFailure(`${what} to its ${type} service: ${answerText(answer, subject)}`, advice);
  }
  return undefined;
}

function answerText(answer: Answer, { bounds }: Subject): string {
  switch (answer.kind) {
    case 'success':
      return 'answered as if it had succeeded';
    case 'dropped':
      return `not answered: ${answer.reason}`;
    default:
      return `not answered within ${bounds.answerTimeout} ms`;
  }
}

const unknownRoute: JobCheck = {
  id: 'unknown-route',
  title: 'answers an unknown route with an error',
  severity: 'required',
  run: (subject) => expectError(subject, 'an unknown route', { [ROUTE_KEY]: NO_ROUTE }, SILENCE_ADVICE),
};

const missingRoute: JobCheck = {
  id: 'missing-route',
  title: 'answers a message without a route with an error',
  severity: 'required',
  run: (subject) => expectError(subject, 'a message without a route', {}, SILENCE_ADVICE),
};

const errorShape: JobCheck = {
  id: 'error-shape',
  title: 'sends errors in the one form that hosts can read',
  severity: 'required',
  async run(subject) {
    if (subject.errors.length === 0) throw new CheckSkip('it sent no error');
    const codes = new Set<string>();
    for (const { asked, reply } of subject.errors) {
      const error = readError(reply);
      if (typeof error === 'string') {
        throw new CheckFailure(
          `${asked}: ${error}`,
          'Put {"code": …, "message": …} as JSON into the data key com.apple.container.xpc.error.',
        );
      }
      if (!isRouteErrorCode(error.code)) {
        throw new CheckFailure(
          `${asked}: the code ${JSON.stringify(error.code)} is none that apple/container knows, and ends its process`,
          `Use one of ${ROUTE_ERROR_CODES.join(', ')}.`,
        );
      }
      codes.add(error.code);
    }
    return [...codes].sort().join(', ');
  },
};

/** Messages that no host sends. */
function garbage(): readonly (readonly [string, XpcDictionary])[] {
  let deep: XpcValue = 'bottom';
  for (let level = 0; level < 100; level++) deep = level % 2 === 0 ? [deep] : { deep };
  const many = Object.fromEntries(
    Array.from({ length: 2_000 }, (_, index) => [`key-${index}`, BigInt(index)]),
  );
  return [
    ['a route that is a number', { [ROUTE_KEY]: 42n }],
    ['a route that is data', { [ROUTE_KEY]: Uint8Array.of(0, 255, 254) }],
    ['an empty route', { [ROUTE_KEY]: '' }],
    ['a route of 64 KiB', { [ROUTE_KEY]: 'r'.repeat(1 << 16) }],
    ['a deeply nested value', { [ROUTE_KEY]: NO_ROUTE, deep }],
    ['two thousand keys', { [ROUTE_KEY]: NO_ROUTE, ...many }],
    ['a megabyte of data', { [ROUTE_KEY]: NO_ROUTE, data: new Uint8Array(1 << 20).fill(0xa5) }],
    [
      'numbers at the edge',
      { [ROUTE_KEY]: NO_ROUTE, low: -(2n ** 63n), high: uint64(2n ** 64n - 1n), not: Number.NaN },
    ],
  ];
}

const GARBAGE_ADVICE =
  'Check what comes before using it; one bad client must not end the service of the others.';

const survivesGarbage: JobCheck = {
  id: 'garbage',
  title: 'survives messages that make no sense',
  severity: 'required',
  async run(subject) {
    const all = garbage();
    for (const type of subject.plan.types) {
      if (await survives(subject, type, all)) continue;
      // Once more, one by one, to name the culprit.
      for (const each of all) {
        if (!(await survives(subject, type, [each]))) throw await culprit(subject, type, each[0]);
      }
      throw await culprit(subject, type, 'several of them at once');
    }
    return undefined;
  },
};

/** Whether the process is still there when all of them have been answered, or have had their time. */
async function survives(
  subject: Subject,
  type: ServiceType,
  messages: ReturnType<typeof garbage>,
): Promise<boolean> {
  const before = await subject.running();
  const connection = subject.job.connect(type);
  try {
    for (const [, message] of messages) connection.send(message);
    const asked = messages.map(([what, message]) => subject.askQuietly(connection, what, message));
    return await subject.isStill(before, await Promise.all(asked));
  } finally {
    connection.cancel();
  }
}

async function culprit(subject: Subject, type: ServiceType, what: string): Promise<CheckFailure> {
  const why = await explain(
    new Error(`the process ended; sent to its ${type} service: ${what}`),
    subject.job,
  );
  return new CheckFailure(why, GARBAGE_ADVICE);
}

const secondClient: JobCheck = {
  id: 'second-client',
  title: 'serves a second client beside the first',
  severity: 'required',
  needs: 'answer',
  async run(subject) {
    for (const type of subject.plan.types) {
      const { message } = await subject.probe(type);
      const [first, second] = [subject.job.connect(type), subject.job.connect(type)];
      try {
        for (const connection of [first, second, first]) {
          if (isAnswer(await subject.askOn(connection, 'what it answered before', message))) continue;
          throw new CheckFailure(
            `with two clients of its ${type} service connected, ${connection === second ? 'the second' : 'the first'} gets no answer`,
            'Keep listening while a client is connected, and handle each connection by itself.',
          );
        }
      } finally {
        first.cancel();
        second.cancel();
      }
    }
    return undefined;
  },
};

/** Requests that are under way when the client leaves. */
const CUT_OFF = 16;

const disconnect: JobCheck = {
  id: 'disconnect',
  title: 'goes on when a client leaves in the middle of a request',
  severity: 'required',
  needs: 'answer',
  async run(subject) {
    for (const type of subject.plan.types) {
      const { message } = await subject.probe(type);
      const before = await subject.running();
      const leaving = subject.job.connect(type);
      const cut = Array.from({ length: CUT_OFF }, () =>
        subject.askQuietly(leaving, 'a request that is cut off', message),
      );
      // What has been sent is on its way; what has not is dropped.
      await new Promise((resolve) => setImmediate(resolve));
      leaving.cancel();
      await Promise.all(cut);
      await leaving.closed;
      const staying = subject.job.connect(type);
      try {
        const answer = await subject.askOn(staying, 'what it answered before', message);
        await subject.expectAlive(before, [answer], 'a client left', DISCONNECT_ADVICE);
        if (isAnswer(answer)) continue;
        throw new CheckFailure(
          `after a client of its ${type} service left, the next gets no answer`,
          'Forget what a client asked for when its connection ends.',
        );
      } finally {
        staying.cancel();
      }
    }
    return undefined;
  },
};

const DISCONNECT_ADVICE = 'Ignore that a reply cannot be delivered.';

/** Requests of a flood, and how many of them wait for an answer at a time. */
const FLOOD = { requests: 2_000, pending: 200 } as const;

const flood: JobCheck = {
  id: 'flood',
  title: `answers ${FLOOD.requests} requests of one client, ${FLOOD.pending} at a time`,
  severity: 'required',
  needs: 'answer',
  async run(subject) {
    const begin = performance.now();
    for (const type of subject.plan.types) {
      const { message } = await subject.probe(type);
      const before = await subject.running();
      const connection = subject.job.connect(type);
      let sent = 0;
      const unanswered: Answer[] = [];
      const worker = async () => {
        while (sent < FLOOD.requests && unanswered.length === 0) {
          sent++;
          const answer = await subject.askOn(connection, 'one of many', message);
          if (!isAnswer(answer)) unanswered.push(answer);
        }
      };
      try {
        await Promise.all(Array.from({ length: FLOOD.pending }, worker));
      } finally {
        connection.cancel();
      }
      await subject.expectAlive(before, unanswered, `${sent} requests`, FLOOD_ADVICE);
      if (unanswered.length > 0) {
        throw new CheckFailure(
          `of ${sent} requests to its ${type} service ${unanswered.length} or more were not answered`,
          FLOOD_ADVICE,
        );
      }
    }
    return `${Math.round(performance.now() - begin)} ms`;
  },
};

const FLOOD_ADVICE = 'Bound what you do at once, and answer what is beyond it with invalidState.';

/** The checks, in the order in which they are made. The shape of errors comes last: it looks at all of them. */
export const MESSAGE_CHECKS: readonly JobCheck[] = [
  unknownRoute,
  missingRoute,
  survivesGarbage,
  secondClient,
  disconnect,
  flood,
];

/** Looks at every error that the other checks led to. */
export const ERROR_SHAPE_CHECK: JobCheck = errorShape;
