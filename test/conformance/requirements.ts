/** Requirements: who is let in, who is trusted, and that nothing of the others is ever seen. */
import { expect, it } from 'vitest';
import type { ListenTarget, PeerRequirement } from '../../src/native/index.js';
import type { UseBench } from './define.js';
import { echo } from './lifecycle.js';

const NO_USER = 4_000_000_000;
const NO_PROGRAM = '/no/such/program';

export function requirementTests(use: UseBench): void {
  const uid = process.geteuid?.() ?? 0;
  const gid = process.getegid?.() ?? 0;

  /** What this process meets. */
  const met: readonly [string, () => PeerRequirement][] = [
    ['any user', () => ({ users: 'any' })],
    ['its user', () => ({ users: [NO_USER, uid] })],
    ['its group', () => ({ groups: [gid, NO_USER] })],
    ['its program', () => ({ executables: [NO_PROGRAM, use().environment.executable] })],
    ['all of it', () => ({ users: [uid], groups: [gid], executables: [use().environment.executable] })],
    ['nothing', () => ({})],
  ];

  /** What it does not meet, and what a listener says of it. */
  const unmet: readonly [string, () => PeerRequirement, string][] = [
    ['another user', () => ({ users: [NO_USER] }), 'user'],
    ['another group', () => ({ groups: [NO_USER] }), 'group'],
    ['another program', () => ({ executables: [NO_PROGRAM] }), 'executable'],
    ['its user and another group', () => ({ users: [uid], groups: [NO_USER] }), 'group'],
    ['any user and another program', () => ({ users: 'any', executables: [NO_PROGRAM] }), 'executable'],
  ];

  /** A listener and an inactive connection to it, with these requirements. */
  const open = (listens: PeerRequirement | undefined, connects: PeerRequirement | undefined) => {
    const { client: port } = use();
    const listener = port.listen(listens === undefined ? {} : { requirement: listens });
    const endpoint = port.call(() => port.port.endpoint(listener));
    const connection = port.connect(
      connects === undefined ? { endpoint } : { endpoint, requirement: connects },
    );
    return { port, listener, endpoint, connection };
  };

  it.each(met)('a listener that requires %s lets this process in', async (_what, requirement) => {
    const { port, connection } = open(requirement(), undefined);
    echo(port);
    port.port.activate(connection);
    expect(await port.outcome(port.request(connection))).toMatchObject({ type: 'reply' });
    expect(port.port.statistics().peersRefused).toBe(0);
  });

  it.each(met)('a client that requires %s trusts this process', async (_what, requirement) => {
    const { port, connection } = open(undefined, requirement());
    echo(port);
    port.port.activate(connection);
    expect(await port.outcome(port.request(connection))).toMatchObject({ type: 'reply' });
  });

  it.each(unmet)(
    'a listener that requires %s refuses this process unread',
    async (_what, requirement, refusal) => {
      const { port, listener, connection } = open(requirement(), undefined);
      port.message(connection);
      const id = port.request(connection);
      port.port.activate(connection);
      expect(await port.next('refused')).toMatchObject({
        handle: listener,
        refusal,
        credentials: { pid: process.pid, euid: uid, egid: gid, asid: -1 },
      });
      await port.event(connection, 'invalid');
      expect(await port.outcome(id)).toMatchObject({ type: 'failed', failure: 'invalid' });
      expect(port.port.statistics()).toMatchObject({ peersRefused: 1, connections: 0, messagesReceived: 0 });
      expect([...port.of('peer'), ...port.of('message'), ...port.of('request')]).toEqual([]);
    },
  );

  it('each refusal is counted, and the listener goes on', async () => {
    const { port, endpoint, connection } = open({ executables: [NO_PROGRAM] }, undefined);
    port.port.activate(connection);
    const others = [port.dial({ endpoint }), port.dial({ endpoint })];
    for (const handle of [connection, ...others]) await port.event(handle, 'invalid');
    expect(port.of('refused')).toHaveLength(3);
    expect(port.port.statistics()).toMatchObject({ peersRefused: 3, listeners: 1 });
  });

  it.each(unmet)('a client that requires %s gets nothing of this process', async (_what, requirement) => {
    const { port, connection } = open(undefined, requirement());
    port.onRecord = (record) => {
      if (record.type === 'request') port.reply(record);
      if (record.type === 'peer') {
        port.message(record.peer);
        port.request(record.peer);
      }
    };
    const id = port.request(connection);
    port.port.activate(connection);
    await port.event(connection, 'invalid');
    expect(await port.outcome(id)).toMatchObject({ type: 'failed', failure: 'peerRequirement' });
    const events = port.of('event', connection).map(({ event, failure }) => `${event} ${failure}`);
    expect(events).toEqual(['dropped peerRequirement', 'invalid invalid']);
    expect([...port.of('message', connection), ...port.of('request', connection)]).toEqual([]);
    expect(port.of('reply')).toEqual([]);
  });

  it('a client hears of it though it asks nothing', async () => {
    const { port, connection } = open(undefined, { users: [NO_USER] });
    port.port.activate(connection);
    await port.event(connection, 'invalid');
    expect(port.events(connection)).toEqual(['dropped', 'invalid']);
  });

  it.each<[string, unknown]>([
    ['no object', 'any'],
    ['null', null],
    ['users that are no list', { users: 'root' }],
    ['a user that is no number', { users: ['0'] }],
    ['a negative user', { users: [-1] }],
    ['a group that is a fraction', { groups: [1.5] }],
    ['groups that are any', { groups: 'any' }],
    ['a program that is no path', { executables: [7] }],
    ['a path with NUL', { executables: ['/bin/a\0b'] }],
    ['code that is no object', { code: 'anchor apple' }],
  ])('a requirement of %s is a TypeError', (_what, wrong) => {
    const requirement = wrong as PeerRequirement;
    const { port } = use().client;
    expect(() => port.connect({ ...use().environment.target('com.example.nobody'), requirement })).toThrow(
      TypeError,
    );
    expect(() => port.listen({ requirement })).toThrow(TypeError);
    expect(port.statistics()).toMatchObject({ connections: 0, listeners: 0 });
  });

  it.each<[string, PeerRequirement]>([
    ['no user at all', { users: [] }],
    ['no group at all', { groups: [] }],
    ['no program at all', { executables: [] }],
    ['a relative path', { executables: ['bin/node'] }],
    ['an empty path', { executables: [''] }],
  ])('a requirement of %s is malformed', (_what, requirement) => {
    const { port } = use().client;
    const code = expect.objectContaining({ code: 'EINVAL' });
    const target: ListenTarget = { requirement };
    expect(thrown(() => port.listen(target))).toEqual(code);
    const named = { ...use().environment.target('com.example.nobody'), requirement };
    expect(thrown(() => port.connect(named))).toEqual(code);
    expect(port.statistics()).toMatchObject({ connections: 0, listeners: 0 });
  });

  it('what this system cannot check is not supported', ({ skip }) => {
    const { binding } = use().environment;
    if (binding.platform === 'darwin') return skip('code signatures are checked here');
    const { port } = use().client;
    const requirement: PeerRequirement = { code: { kind: 'requirement', text: 'anchor apple' } };
    const code = expect.objectContaining({ code: 'ENOTSUP' });
    expect(thrown(() => port.listen({ requirement }))).toEqual(code);
    expect(thrown(() => port.connect({ ...use().environment.target('x'), requirement }))).toEqual(code);
    expect(port.statistics()).toMatchObject({ connections: 0, listeners: 0 });
  });

  it('what this system cannot check of a program is not supported', ({ skip }) => {
    const { binding, executable } = use().environment;
    if (binding.platform !== 'darwin') return skip('paths of programs are checked here');
    const { port } = use().client;
    const requirement: PeerRequirement = { executables: [executable] };
    expect(thrown(() => port.listen({ requirement }))).toEqual(expect.objectContaining({ code: 'ENOTSUP' }));
  });
}

function thrown(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
