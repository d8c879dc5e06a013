/** Progress: updates in apple/container's form, from either side, and the calls that ask for them. */
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { defineRoute, type Progress, type ProgressUpdate, x } from '../../src/routes/index.js';
import { applyProgress, decodeProgress, encodeProgress, mergeProgress } from '../../src/routes/progress.js';
import type { XpcDictionary } from '../../src/xpc/index.js';
import { openLink } from './link.js';

const work = defineRoute('work', { request: { steps: x.int64().asNumber() }, reply: { done: x.bool() } });

const update: fc.Arbitrary<ProgressUpdate> = fc.record(
  {
    description: fc.string(),
    itemsName: fc.string(),
    tasks: fc.integer(),
    addTasks: fc.integer(),
    totalTasks: fc.integer(),
    size: fc.integer(),
    addSize: fc.integer(),
  },
  { requiredKeys: [] },
);

describe('an update', () => {
  it('has the keys and types of apple/container', () => {
    const message = encodeProgress({
      description: 'Fetching',
      subDescription: 'layer',
      itemsName: 'blobs',
      tasks: 1,
      addTotalTasks: 2,
      items: 3,
      addSize: 2 ** 40,
      totalSize: 0,
    });
    expect(message).toEqual({
      progressUpdateSetDescription: 'Fetching',
      progressUpdateSetSubDescription: 'layer',
      progressUpdateSetItemsName: 'blobs',
      progressUpdateSetTasks: 1n,
      progressUpdateAddTotalTasks: 2n,
      progressUpdateSetItems: 3n,
      progressUpdateAddSize: 2n ** 40n,
      progressUpdateSetTotalSize: 0n,
    });
  });

  it('of a count that is no integer is a mistake of the program', () => {
    expect(() => encodeProgress({ size: 0.5 })).toThrow(RangeError);
  });

  it('of another type, or beyond numbers, is left out', () => {
    const message: XpcDictionary = {
      progressUpdateSetDescription: 1n,
      progressUpdateSetTasks: 'x',
      progressUpdateSetSize: 2n ** 60n,
      progressUpdateAddItems: 4n,
      other: 'x',
    };
    expect(decodeProgress(message)).toEqual({ addItems: 4 });
  });

  it('means the same merged with the next as before it', () => {
    fc.assert(
      fc.property(update, update, update, (start, first, second) => {
        const progress = applyProgress({}, start);
        const oneByOne = applyProgress(applyProgress(progress, first), second);
        expect(applyProgress(progress, mergeProgress(first, second))).toEqual(oneByOne);
      }),
    );
  });

  it('means the same after it crossed the wire', () => {
    fc.assert(
      fc.property(update, update, (start, next) => {
        const progress = applyProgress({}, start);
        const crossed = decodeProgress(encodeProgress(next));
        expect(applyProgress(progress, crossed)).toEqual(applyProgress(progress, next));
      }),
    );
  });
});

describe('a call that asks for progress', () => {
  it('hears all of it before it resolves', async () => {
    await using link = openLink();
    link.server.handle(work, async ({ steps }, { progress }) => {
      expect(progress.isWanted).toBe(true);
      progress.update({ description: 'working', totalTasks: steps });
      for (let step = 0; step < steps; step++) {
        progress.update({ addTasks: 1 });
        await new Promise((resolve) => setImmediate(resolve));
      }
      return { done: true };
    });
    const seen: Progress[] = [];
    const onProgress = (progress: Progress) => void seen.push(progress);
    expect(await link.client().call(work, { steps: 10 }, { onProgress })).toEqual({ done: true });
    expect(seen.at(-1)).toEqual({ description: 'working', tasks: 10, totalTasks: 10 });
    const tasks = seen.map((progress) => progress.tasks ?? 0);
    expect(tasks).toEqual([...tasks].sort((a, b) => a - b));
    await link.world.settled();
    const { listeners, rights } = link.transport.statistics();
    expect({ listeners, rights }).toEqual({ listeners: 1, rights: 0 });
  });

  it('hears it before an error, too', async () => {
    await using link = openLink();
    link.server.handleRaw('fail', (_message, { progress }) => {
      progress.update({ addItems: 3 });
      throw new Error('no disk');
    });
    const onProgress = vi.fn();
    await expect(link.client().callRaw('fail', {}, { onProgress })).rejects.toMatchObject({
      details: { message: 'no disk' },
    });
    expect(onProgress).toHaveBeenCalledExactlyOnceWith({ items: 3 }, { addItems: 3 });
  });

  it('works with a service that tells none, and the reply has no key of ours', async () => {
    await using link = openLink();
    link.server
      .handleRaw('mute', () => ({ n: 1n }))
      .handleRaw('loud', (_message, { progress }) => {
        progress.update({ tasks: 1 });
        return { n: 2n };
      });
    const onProgress = vi.fn();
    expect(await link.client().callRaw('mute', {}, { onProgress })).toEqual({ n: 1n });
    expect(onProgress).not.toHaveBeenCalled();
    expect(await link.client().callRaw('loud', {}, { onProgress })).toEqual({ n: 2n });
    expect(onProgress).toHaveBeenCalledTimes(1);
  });

  it('that does not ask costs the handler nothing', async () => {
    await using link = openLink();
    link.server.handleRaw('work', (_message, { progress }) => {
      expect(progress.isWanted).toBe(false);
      progress.update({ tasks: 1 });
      return {};
    });
    expect(await link.client().callRaw('work')).toEqual({});
  });
});

describe('with apple/container', () => {
  it('a client of theirs gets our updates: endpoint key in, one-way dictionaries out', async () => {
    await using link = openLink();
    link.server.handleRaw('pull', (_message, { progress }) => {
      progress.update({ description: 'Fetching', addTotalSize: 100 });
      progress.update({ addSize: 40 });
      return {};
    });
    const messages: XpcDictionary[] = [];
    const listener = link.transport.listenAnonymous(() => ({ message: (each) => void messages.push(each) }));
    const reply = await link.client().callRaw('pull', { progressUpdateEndpoint: listener.endpoint() });
    await vi.waitFor(() => expect(messages).toHaveLength(1));
    expect(messages[0]).toEqual({
      progressUpdateSetDescription: 'Fetching',
      progressUpdateAddTotalSize: 100n,
      progressUpdateAddSize: 40n,
    });
    expect(reply).toEqual({ 'launchport.progress.count': 1n });
    listener.cancel();
  });

  it('a service of theirs that does not count its updates is heard', async () => {
    await using link = openLink();
    let told = () => {};
    const heard = new Promise<void>((resolve) => {
      told = resolve;
    });
    link.server.handleRaw('pull', async ({ progressUpdateEndpoint }) => {
      const connection = link.transport.connect(progressUpdateEndpoint as never);
      connection.send({ progressUpdateSetItems: 7n });
      await heard;
      connection.cancel();
      return {};
    });
    const onProgress = vi.fn(() => told());
    expect(await link.client().callRaw('pull', {}, { onProgress })).toEqual({});
    expect(onProgress).toHaveBeenCalledExactlyOnceWith({ items: 7 }, { items: 7 });
  });
});
