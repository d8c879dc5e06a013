/** Pseudo-terminals and pipes of the addon: sizes, bytes, and how they fail. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { isatty, ReadStream } from 'node:tty';
import { afterEach, describe, expect, it } from 'vitest';
import { loadBinding, type TerminalPair } from '../../src/native/index.js';

describe('terminals of the binding', () => {
  const binding = loadBinding();
  const openTerminal = binding.openTerminal as NonNullable<typeof binding.openTerminal>;
  const resizeTerminal = binding.resizeTerminal as NonNullable<typeof binding.resizeTerminal>;
  const openPipe = binding.openPipe as NonNullable<typeof binding.openPipe>;
  const open = new Set<number>();

  afterEach(() => {
    for (const descriptor of open) closeSync(descriptor);
    open.clear();
  });

  function terminal(columns = 80, rows = 24): TerminalPair {
    const pair = openTerminal({ columns, rows });
    open.add(pair.controller).add(pair.terminal);
    return pair;
  }

  function close(descriptor: number): void {
    open.delete(descriptor);
    closeSync(descriptor);
  }

  /** Runs a shell command on the terminal; resolves to all that it showed. */
  async function show(pair: TerminalPair, command: string): Promise<string> {
    const stdio = [pair.terminal, pair.terminal, pair.terminal] as const;
    const child = spawn('/bin/sh', ['-c', command], { stdio: [...stdio] });
    // The stream closes the controller.
    open.delete(pair.controller);
    const stream = new ReadStream(pair.controller);
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    // Linux tells the end of a terminal as EIO, macOS as an end.
    stream.on('error', () => {});
    const closed = new Promise((resolve) => stream.on('close', resolve));
    await once(child, 'exit');
    close(pair.terminal);
    await closed;
    return Buffer.concat(chunks).toString();
  }

  it('has the size that was asked for', async () => {
    expect(await show(terminal(132, 43), 'stty size')).toBe('43 132\r\n');
  });

  it('is resized by its controller', async () => {
    const pair = terminal();
    resizeTerminal(pair.controller, 65_535, 1);
    expect(await show(pair, 'stty size')).toBe('1 65535\r\n');
  });

  it('is a terminal on both sides, and neither is inherited by other programs', () => {
    const pair = terminal();
    expect([isatty(pair.controller), isatty(pair.terminal)]).toEqual([true, true]);
    const child = spawn('/bin/sh', ['-c', `: <&${pair.controller}`], { stdio: 'ignore' });
    return once(child, 'exit').then(([code]) => expect(code).not.toBe(0));
  });

  it('never makes a reader or writer of the controller wait', () => {
    const { controller } = terminal();
    expect(() => readSync(controller, Buffer.alloc(1))).toThrow(expect.objectContaining({ code: 'EAGAIN' }));
    const fill = () => {
      // Each line is kept for a reader, of whom there is none.
      for (let index = 0; index < 100_000; index++) writeSync(controller, 'line\n');
    };
    expect(fill).toThrow(expect.objectContaining({ code: 'EAGAIN' }));
  });

  it('refuses sizes that the system has no room for', () => {
    const { controller } = terminal();
    for (const [columns, rows] of [
      [65_536, 24],
      [80, -1],
      [80.5, 24],
      [Number.NaN, 24],
      ['80', 24],
    ] as readonly (readonly [number, number])[]) {
      expect(() => openTerminal({ columns, rows })).toThrow(TypeError);
      expect(() => resizeTerminal(controller, columns, rows)).toThrow(TypeError);
    }
    expect(() => openTerminal(undefined as never)).toThrow(TypeError);
  });

  it('says so when a descriptor is no terminal, or not open', () => {
    const file = openSync('/dev/null', 'r');
    open.add(file);
    expect(() => resizeTerminal(file, 1, 1)).toThrow(
      expect.objectContaining({ code: 'ENOTTY', syscall: 'ioctl' }),
    );
    expect(() => resizeTerminal(1_000_000, 1, 1)).toThrow(expect.objectContaining({ code: 'EBADF' }));
    expect(() => resizeTerminal(-1, 1, 1)).toThrow(TypeError);
  });

  it('opens pipes that carry bytes to their end', () => {
    const { reader, writer } = openPipe();
    open.add(reader).add(writer);
    expect([fstatSync(reader).isFIFO(), fstatSync(writer).isFIFO()]).toEqual([true, true]);
    const bytes = Buffer.from([0, 255, 10, 13, 4]);
    writeSync(writer, bytes);
    close(writer);
    const buffer = Buffer.alloc(16);
    expect(buffer.subarray(0, readSync(reader, buffer))).toEqual(bytes);
    expect(readSync(reader, buffer)).toBe(0);
  });

  it('opens a thousand and keeps none of those that were closed', () => {
    const first = terminal();
    for (let index = 0; index < 1_000; index++) {
      const pair = terminal();
      close(pair.controller);
      close(pair.terminal);
    }
    const last = terminal();
    expect(last.controller - first.controller).toBeLessThan(16);
  });
});
