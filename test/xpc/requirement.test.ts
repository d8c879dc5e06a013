/** Requirements on the other end: who is refused, where that is seen, and what cannot be required. */
import { describe, expect, it } from 'vitest';
import { Inbound, Refusal } from '../../src/native/index.js';
import { type PeerRequirement, XpcTransport } from '../../src/xpc/index.js';
import { credentials, ScriptedBinding } from '../helpers/scripted-binding.js';
import { rejectionOf, thrownBy } from '../helpers/thrown.js';
import { LogBook, Pair, SERVICE } from '../helpers/xpc-pair.js';

const echo = () => ({ request: (message: object) => message as never });
const DIRECTORY = '/mock/bootstrap';

describe('a listener', () => {
  it.each<[string, PeerRequirement, { euid?: number; egid?: number; executable?: string }]>([
    ['another user', {}, { euid: 54_321 }],
    ['another user', { users: [12_345] }, { euid: 54_321 }],
    ['another group', { groups: [20] }, { egid: 21 }],
    ['another program', { executables: ['/usr/bin/true'] }, { executable: '/usr/bin/false' }],
  ])('refuses %s before a handler sees anything, logs why and counts it', async (why, requirement, user) => {
    let accepted = 0;
    await using pair = new Pair().serve(
      () => {
        accepted++;
        return echo();
      },
      { requirement },
    );
    const stranger = new XpcTransport(pair.world.binding(300_001, user));
    const connection = stranger.connect(SERVICE, { bootstrap: DIRECTORY });
    expect((await rejectionOf(connection.request({}))).code).toBe('ERR_XPC_INTERRUPTED');
    expect(accepted).toBe(0);
    expect(pair.listener.statistics).toEqual({ accepted: 0, refused: 1 });
    expect(pair.server.statistics().peersRefused).toBe(1);
    expect(pair.log.text).toContain(why);
    expect(pair.log.text).toContain('300001');
    await stranger.close();
  });

  it('accepts who meets all of it', async () => {
    const requirement = { users: [54_321], groups: [21], executables: ['/usr/bin/true'] };
    await using pair = new Pair().serve(echo, { requirement });
    const user = { euid: 54_321, egid: 21, executable: '/usr/bin/true' };
    const transport = new XpcTransport(pair.world.binding(300_001, user));
    const reply = await transport.connect(SERVICE, { bootstrap: DIRECTORY, requirement: { users: 'any' } });
    expect({ ...(await reply.request({ n: 1n })) }).toEqual({ n: 1n });
    await transport.close();
  });

  it.each([
    [Refusal.user, 'another user'],
    [Refusal.group, 'another group'],
    [Refusal.executable, 'another program'],
    [Refusal.code, 'code signature'],
    [99, 'does not meet the requirement'],
  ])('tells reason %d from the others', (refusal, why) => {
    const binding = new ScriptedBinding();
    const log = new LogBook();
    const listener = new XpcTransport(binding, { logger: log }).listen(SERVICE, echo);
    binding.deliver({ kind: Inbound.peerRefused, handle: 1, id: refusal, body: credentials() });
    expect(log.text).toContain(why);
    expect(listener.statistics).toEqual({ accepted: 0, refused: 1 });
  });
});

describe('a client', () => {
  it('gets nothing from a service that does not meet its requirement', async () => {
    let requests = 0;
    await using pair = new Pair().serve(() => ({
      request: () => {
        requests++;
        return {};
      },
    }));
    const connection = pair.connect({ requirement: { users: [12_345] } });
    const error = await rejectionOf(connection.request({}));
    expect(error.code).toBe('ERR_XPC_PEER_REFUSED');
    expect(error.hint).toBeTruthy();
    expect(requests).toBe(0);
  });
});

describe('a requirement', () => {
  it.each<[string, PeerRequirement]>([
    ['macOS 12.0', { code: { kind: 'requirement', text: 'anchor apple' } }],
    ['macOS 14.4', { code: { kind: 'team' } }],
    ['macOS 14.4', { code: { kind: 'platform', identifier: 'com.apple.x' } }],
    ['macOS 14.4', { code: { kind: 'entitlement', name: 'x', value: true } }],
  ])('that this system cannot check says that it needs %s', async (needs, requirement) => {
    await using pair = new Pair();
    for (const use of [() => pair.connect({ requirement }), () => pair.serve(echo, { requirement })]) {
      const error = thrownBy(use);
      expect(error.code).toBe('ERR_UNSUPPORTED');
      expect(error.hint).toContain(needs);
      expect(error.message).toContain(requirement.code?.kind === 'requirement' ? 'anchor apple' : 'kind');
    }
  });

  it('that is malformed is refused when it is set', async () => {
    await using pair = new Pair();
    const error = thrownBy(() => pair.connect({ requirement: { executables: ['relative'] } }));
    expect(error.code).toBe('ERR_XPC_REQUIREMENT');
    expect(error.kind).toBe('usage');
    expect(thrownBy(() => pair.serve(echo, { requirement: { users: [] } })).code).toBe('ERR_XPC_REQUIREMENT');
  });

  it('of a wrong type is a TypeError', async () => {
    await using pair = new Pair();
    expect(() => pair.connect({ requirement: { users: 'all' as never } })).toThrow(TypeError);
  });

  it('is one of the capabilities', async () => {
    await using pair = new Pair();
    expect(pair.client.capabilities().every(({ name, since }) => name !== '' && since !== undefined)).toBe(
      true,
    );
    expect(pair.client.capabilities().length).toBeGreaterThan(0);
  });
});

describe('credentials', () => {
  it('have the audit session and the audit token where the system has them', () => {
    const binding = new ScriptedBinding();
    const seen: unknown[] = [];
    new XpcTransport(binding).listen(SERVICE, (peer) => {
      seen.push(peer.credentials);
      return {};
    });
    const token = Uint8Array.from({ length: 32 }, (_, i) => i);
    binding.deliver(
      { kind: Inbound.peer, handle: 1, id: 2, body: credentials(100_005, token) },
      { kind: Inbound.peer, handle: 1, id: 3, body: credentials() },
    );
    expect(seen).toEqual([
      { pid: 77, euid: 88, egid: 99, asid: 100_005, auditToken: token },
      { pid: 77, euid: 88, egid: 99, asid: -1 },
    ]);
  });
});
