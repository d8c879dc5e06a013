/** What a port says of its process: what the system has, whether it is busy, and that it is about to end. */
import { expect, it } from 'vitest';
import type { UseBench } from './define.js';
import { echo } from './lifecycle.js';

export function processStateTests(use: UseBench): void {
  it('capabilities have a name, a version of macOS or none, and whether they are there', () => {
    const { binding } = use().environment;
    const capabilities = binding.capabilities();
    expect(capabilities.length).toBeGreaterThan(0);
    for (const { name, since, isAvailable } of capabilities) {
      expect(name).toMatch(/^\S(.*\S)?$/);
      expect(since).toMatch(/^(\d+(\.\d+)+)?$/);
      expect(typeof isAvailable).toBe('boolean');
    }
    expect(new Set(capabilities.map(({ name }) => name)).size).toBe(capabilities.length);
    expect(binding.capabilities()).toEqual(capabilities);
  });

  it('a process can be busy any number of times, and is when asked to be', async () => {
    const { port, connection } = await use().privatePair();
    const states = [true, true, false, false, true, false];
    for (const isBusy of states) {
      port.call(() => port.port.setBusy(isBusy));
      const known = use().environment.isBusy?.();
      if (known !== undefined) expect(known).toBe(isBusy);
    }
    echo(port);
    expect(await port.outcome(port.request(connection))).toMatchObject({ type: 'reply' });
  });

  it('a process is busy while one of its ports is', () => {
    const { client, server, environment } = use();
    client.port.setBusy(true);
    server.port.setBusy(true);
    client.port.setBusy(false);
    expect(environment.isBusy?.() ?? true).toBe(true);
    server.port.close();
    expect(environment.isBusy?.() ?? false).toBe(false);
    server.port.setBusy(true);
    expect(environment.isBusy?.() ?? false).toBe(false);
  });

  it.each([undefined, null, 1, 'yes'])('busy: %s is a TypeError', (isBusy) => {
    expect(() => use().client.port.setBusy(isBusy as never)).toThrow(TypeError);
  });

  it('peers are told of the end of the process once, clients are not', async ({ skip }) => {
    if (use().environment.binding.platform === 'darwin') return skip('libxpc tells them');
    const { port, endpoint, connection, peer } = await use().privatePair();
    port.dial({ endpoint });
    const { peer: other } = await port.next('peer');
    port.call(() => port.port.announceTermination());
    await port.event(peer, 'terminationImminent');
    await port.event(other, 'terminationImminent');
    port.call(() => port.port.announceTermination());
    await use().settle();
    expect(port.of('event')).toMatchObject([
      { event: 'terminationImminent', failure: 'none' },
      { event: 'terminationImminent', failure: 'none' },
    ]);
    echo(port);
    expect(await port.outcome(port.request(connection))).toMatchObject({ type: 'reply' });
  });

  it('without peers there is nobody to tell', async () => {
    const { client } = use();
    client.listen({});
    client.call(() => client.port.announceTermination());
    await use().settle();
    expect(client.received).toEqual([]);
  });
}
