// A job of the conformance suite. `exit CODE` ends at once; `serve TERM NAME…` listens on inherited sockets and
// answers each request with a report, its body, or as the command in it says; TERM is `default`, `ignore`, or the exit code to
// end with at SIGTERM.
import { createCommands } from './job-commands.js';
import { IS_LARGE, jsonBody } from './job-records.js';

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
  const report = () => {
    const { openTokens, rights } = port.statistics();
    const open = { descriptors: host.countDescriptors(), openTokens, rights };
    return jsonBody({ ...host.facts, ...open, rss: host.rss?.(), invalid });
  };
  const port = host.binding.open((byteLength, large = []) => {
    let nextLarge = 0;
    for (let at = 0; at < byteLength; ) {
      const [size, word, handle, id] = new Uint32Array(port.inbox, at, 4);
      const isLarge = (word & IS_LARGE) !== 0;
      const body = new Uint8Array(isLarge ? large[nextLarge++] : port.inbox.slice(at + 16, at + size));
      if (word === 5 && id === 2 && listeners.has(handle)) invalid.push(listeners.get(handle));
      else commands.receive(word, handle, id, body);
      at += size;
    }
  });
  const commands = createCommands(port, report);
  port.setActive(true);
  for (const name of names) {
    const listener = port.listen({ name });
    listeners.set(listener, name);
    port.activate(listener);
  }
}
