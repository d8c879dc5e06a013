/** Descriptors as streams, whatever is behind them. */
import { closeSync, createReadStream } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { ReadStream } from 'node:tty';
import { descriptorKind, privateDescription } from './descriptor-kind.js';
import { FileWriter } from './file-writer.js';

/**
 * The bytes that come from a descriptor of somebody else, which the stream closes. Errors are told as an end: of a
 * terminal whose other side has gone, Linux says EIO.
 * @throws the system's error for one that is not open; it is closed then
 */
export function readDescriptor(descriptor: number): Readable {
  return whole(descriptor, () => {
    const kind = descriptorKind(descriptor);
    if (kind === 'stream') return readPipe(privateDescription(descriptor, 'read'));
    // libuv opens a terminal anew by itself.
    const stream =
      kind === 'terminal' ? new ReadStream(descriptor) : createReadStream('', { fd: descriptor });
    stream.on('error', () => {});
    return stream;
  });
}

/**
 * A descriptor of somebody else to write to; the stream closes it, and ends a socket's direction.
 * @throws the system's error for one that is not open; it is closed then
 */
export function writeDescriptor(descriptor: number): Writable {
  return whole(descriptor, () => {
    const kind = descriptorKind(descriptor);
    if (kind === 'file') return new FileWriter(descriptor);
    const own = privateDescription(descriptor, 'write');
    return kind === 'terminal' ? new FileWriter(own) : writePipe(own);
  });
}

/** Reads one's own end of a pipe, or a socket. */
export function readPipe(descriptor: number): Readable {
  const stream = new Socket({ fd: descriptor, readable: true, writable: false, allowHalfOpen: true });
  stream.on('error', () => {});
  return stream;
}

/** Writes to one's own end of a pipe, or to a socket. */
export function writePipe(descriptor: number): Writable {
  return new Socket({ fd: descriptor, readable: false, writable: true, allowHalfOpen: true });
}

function whole<T>(descriptor: number, open: () => T): T {
  try {
    return open();
  } catch (error) {
    try {
      closeSync(descriptor);
    } catch {
      // It was not open, or belongs to a stream already.
    }
    throw error;
  }
}
