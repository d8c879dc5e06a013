/** The descriptors that a container's process gets of this command. */
import { closeSync, constants } from 'node:fs';
import { fileDescriptor, type XpcFileDescriptor } from '../../xpc/index.js';
import type { CliContext } from '../context.js';
import { ownTerminal } from '../terminal.js';

/** What a process reads and writes; what is absent is not connected. */
export interface Stdio {
  readonly stdin?: XpcFileDescriptor;
  readonly stdout?: XpcFileDescriptor;
  readonly stderr?: XpcFileDescriptor;
}

/** Which streams are connected. */
export interface Attachment {
  readonly isInteractive: boolean;
  readonly isTerminal: boolean;
}

/**
 * Runs `send` with the descriptors of this command. They travel as they are, so that every byte and the end of input
 * arrive; a terminal is opened anew, for its flags are shared with the shell. A process with a terminal has one stream
 * of output.
 */
export async function withStdio<T>(
  { descriptors }: CliContext,
  { isInteractive, isTerminal }: Attachment,
  send: (stdio: Stdio) => Promise<T>,
): Promise<T> {
  const own: number[] = [];
  const share = (descriptor: number, mode: number): XpcFileDescriptor => {
    const terminal = ownTerminal(descriptor, mode);
    if (terminal !== undefined) own.push(terminal);
    return fileDescriptor(terminal ?? descriptor);
  };
  const [stdin, stdout, stderr] = descriptors;
  try {
    return await send({
      ...(isInteractive ? { stdin: share(stdin, constants.O_RDONLY) } : {}),
      stdout: share(stdout, constants.O_WRONLY),
      ...(isTerminal ? {} : { stderr: share(stderr, constants.O_WRONLY) }),
    });
  } finally {
    for (const descriptor of own) closeSync(descriptor);
  }
}
