// A job of the conformance suite. `exit CODE` ends at once; `serve TERM NAME…` listens on inherited sockets and
// answers each request with a report; TERM is `default`, `ignore`, or the exit code to end with at SIGTERM.

/** Runs the job in `host`: its arguments, facts, binding, and ways to hear signals and to end. */
export function runJob(host) {
  const [command, first, ...names] = host.args;
  if (command === 'exit') host.exit(Number(first));
  else if (command === 'serve') serve(host, first, names);
  else throw new Error(`unknown command ${command}`);
}

function serve(host, term, names) {
  if (term !== 'default') {
    host.onSignal('SIGTERM', () => {
      if (term !== 'ignore') host.exit(Number(term));
    });
  }
  const invalid = [];
  const listeners = new Map();
  const port = host.binding.open((byteLength) => {
    for (let at = 0; at < byteLength; ) {
      const [size, kind, handle, id] = new Uint32Array(port.inbox, at, 4);
      if (kind === 2) port.send(3, handle, id, jsonBody({ ...host.facts, invalid }));
      if (kind === 5 && id === 2 && listeners.has(handle)) invalid.push(listeners.get(handle));
      at += size;
    }
  });
  port.setActive(true);
  for (const name of names) {
    const listener = port.listen({ name });
    listeners.set(listener, name);
    port.activate(listener);
  }
}

/** The serialization of `{ d: data }`, with JSON in it. */
function jsonBody(value) {
  const data = new TextEncoder().encode(JSON.stringify(value));
  const body = new Uint8Array(32 + Math.ceil(data.length / 4) * 4);
  new Uint32Array(body.buffer, 0, 8).set([
    0x42133742,
    5,
    0xf000,
    body.length - 16,
    1,
    0x64,
    0x8000,
    data.length,
  ]);
  body.set(data, 32);
  return body;
}
