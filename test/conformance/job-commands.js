// What a job does with requests that carry rights; the text in one is the command.
import {
  DESCRIPTOR,
  ENDPOINT,
  emptyBody,
  HAS_RIGHTS,
  jsonBody,
  MEMORY,
  readRights,
  rightsRecord,
} from './job-records.js';

const REQUEST = 2;
const REPLY = 3;
const REQUEST_FAILED = 4;

/** Length of the serialization of `{}`. */
const EMPTY_BYTES = 20;

/** `receive` takes each record. A request without rights gets its body back, or a report when it is empty. */
export function createCommands(port, report) {
  const waiting = new Map();
  let lastId = 0;

  const letGo = (rights) => {
    for (const { kind, value } of rights) {
      if (kind === DESCRIPTOR) port.closeDescriptor(value);
      else port.release(value);
    }
  };

  /** Asks over a new connection to `endpoint`; `then` gets the body, or undefined when there is no reply. */
  const ask = (endpoint, kind, body, then) => {
    const connection = port.connect({ endpoint });
    port.activate(connection);
    lastId += 1;
    waiting.set(lastId, (reply) => {
      port.cancel(connection);
      then(reply);
    });
    port.send(kind, connection, lastId, body);
  };

  const commands = {
    /** Sends back what came. */
    bounce: (answer, rights, record) => {
      answer.withRights(record);
      letGo(rights);
    },
    /** Writes into each memory, and tells how long they are. */
    fill: (answer, rights) => {
      const lengths = rights.map(({ value }) => {
        const bytes = new Uint8Array(port.memory(value));
        bytes.fill(bytes.length & 0xff);
        return bytes.length;
      });
      answer.with(jsonBody({ lengths }));
      letGo(rights);
    },
    /** Does nothing with it, for ever. */
    keep: (answer) => answer.with(report()),
    /** Asks whoever is behind the endpoint for a report. */
    call: (answer, rights) => {
      ask(rights[0].value, REQUEST, emptyBody(), (reply) => {
        answer.with(reply ?? jsonBody({ failed: true }));
      });
      letGo(rights);
    },
    /** Has whoever is behind the first right, an endpoint, fill the memories that follow it. */
    forward: (answer, rights) => {
      const [target, ...others] = rights;
      const memories = others.map(({ kind, value }) => {
        return { kind, value, byteLength: port.memory(value).byteLength };
      });
      ask(target.value, REQUEST | HAS_RIGHTS, rightsRecord('fill', memories), (reply) => {
        answer.with(reply ?? jsonBody({ failed: true }));
      });
      letGo(rights);
    },
    /** Makes a memory and an anonymous listener, and gives them away. */
    give: (answer, rights) => {
      letGo(rights);
      const memory = port.createMemory(100);
      new Uint8Array(port.memory(memory)).fill(100);
      const listener = port.listen({});
      port.activate(listener);
      const endpoint = port.endpoint(listener);
      answer.withRights(
        rightsRecord('given', [
          { kind: MEMORY, value: memory, byteLength: 100 },
          { kind: ENDPOINT, value: endpoint },
        ]),
      );
      port.release(memory);
      port.release(endpoint);
    },
  };

  return {
    receive(word, handle, id, body) {
      const kind = word & 0xff;
      if (kind === REQUEST) {
        const answer = {
          with: (reply) => port.send(REPLY, handle, id, reply),
          withRights: (record) => port.send(REPLY | HAS_RIGHTS, handle, id, record),
        };
        if ((word & HAS_RIGHTS) === 0) {
          answer.with(body.length === EMPTY_BYTES ? report() : body);
          return;
        }
        const { rights, text } = readRights(body);
        commands[text](answer, rights, body);
      } else if (kind === REPLY || kind === REQUEST_FAILED) {
        waiting.get(id)?.(kind === REPLY ? body : undefined);
        waiting.delete(id);
      }
    },
  };
}
