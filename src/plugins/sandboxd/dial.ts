/** Connects to a port in a container's network namespace, from outside. */
import { type ChildProcess, spawn } from 'node:child_process';
import { type LaunchportError, withDeadline } from '../../base/index.js';
import { routeError } from '../../sdk/index.js';

/** A connection. Its descriptor is open until it is disposed. */
export interface DialledConnection extends Disposable {
  readonly fd: number;
}

/** Where to connect. */
export interface DialTarget {
  readonly port: number;
  /** A process in the namespaces to enter, by its id on the host; undefined for this process's own. */
  readonly hostPid: number | undefined;
  readonly signal?: AbortSignal;
}

/** Milliseconds for a connection to come about. */
const DIAL_TIMEOUT = 20_000;

/**
 * Runs in the container's network namespace, as a program of the host: connects and hands the socket over. It never
 * reads, so that nothing the other side says at once is lost.
 */
const DIALLER = `
import { connect } from 'node:net';
const port = Number(process.argv[1]);
const failures = [];
const attempt = ([host, ...rest]) => {
  if (host === undefined) {
    process.send({ problem: failures.join('; ') }, () => process.exit(1));
    return;
  }
  const socket = connect({ host, port });
  socket.pause();
  socket.once('connect', () => process.send('connected', socket._handle, () => process.exit(0)));
  socket.once('error', (error) => { failures.push(error.message); attempt(rest); });
};
attempt(['127.0.0.1', '::1']);
`;

/** What Node hands over when it is sent a socket that nobody has read from. */
interface SocketHandle {
  readonly fd: number;
  close(): void;
}

/**
 * @throws LaunchportError `invalidState` when nobody listens, `timeout`, `unsupported` without nsenter(1) and without the
 *   right to enter
 */
export async function dial(target: DialTarget): Promise<DialledConnection> {
  const late = () => routeError('timeout', `no connection to port ${target.port} within ${DIAL_TIMEOUT} ms`);
  const options = { timeout: DIAL_TIMEOUT, signal: target.signal };
  return withDeadline(`dialling port ${target.port}`, options, late, (signal) => connectFrom(target, signal));
}

function connectFrom({ port, hostPid }: DialTarget, signal: AbortSignal): Promise<DialledConnection> {
  const program = [process.execPath, '--input-type=module', '--eval', DIALLER, String(port)];
  const [file, ...args] = [...(hostPid === undefined ? [] : enter(hostPid)), ...program] as [
    string,
    ...string[],
  ];
  return new Promise((resolve, reject) => {
    const child: ChildProcess = spawn(file, args, {
      env: { PATH: process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin' },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const stop = () => void child.kill('SIGKILL');
    signal.addEventListener('abort', stop, { once: true });
    let stderr = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (stderr.length < 1024) stderr += text;
    });
    child.on('message', (message, handle) => {
      if (message !== 'connected') {
        const { problem } = message as { readonly problem?: string };
        return reject(
          routeError('invalidState', `nobody answers at port ${port} of the container: ${problem}`),
        );
      }
      const { fd, close } = handle as unknown as SocketHandle;
      if (signal.aborted) return close.call(handle);
      resolve({ fd, [Symbol.dispose]: () => close.call(handle) });
    });
    child.on('error', (error) => reject(cannotEnter(error.message)));
    child.on('close', () => {
      signal.removeEventListener('abort', stop);
      reject(cannotEnter(stderr.trim()));
    });
  });
}

/** As root the network is enough; others must enter the user namespace that owns it. */
function enter(hostPid: number): readonly string[] {
  const user = process.getuid?.() === 0 ? [] : [`--user=/proc/${hostPid}/ns/user`, '--preserve-credentials'];
  return ['nsenter', ...user, `--net=/proc/${hostPid}/ns/net`, '--'];
}

function cannotEnter(reason: string): LaunchportError {
  return routeError('unsupported', `cannot enter the container's network: ${reason}`, {
    hint: 'It needs nsenter of util-linux, and the right to enter the container.',
  });
}
