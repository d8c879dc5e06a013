/** What the addon says of requirements that cannot be, and of what its system has. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ConnectTarget, type ListenTarget, loadBinding, type Port } from '../../src/native/index.js';

describe.runIf(process.platform === 'linux')('the addon on Linux', () => {
  let port: Port;

  beforeEach(() => {
    port = loadBinding().open(() => {});
  });

  afterEach(() => port.close());

  it('gives its capabilities frozen, and code signatures are none of Linux’s', () => {
    const capabilities = loadBinding().capabilities();
    expect([capabilities, ...capabilities].every((part) => Object.isFrozen(part))).toBe(true);
    const available = capabilities.filter(({ isAvailable }) => isAvailable).map(({ name }) => name);
    expect(available).toContain('peer requirement: executables');
    expect(available.filter((name) => name.includes('_requirement'))).toEqual([]);
  });

  it.each<[string, unknown, string]>([
    ['a code signature', { code: { kind: 'team' } }, 'ENOTSUP'],
    ['an entitlement', { code: { kind: 'entitlement', name: 'a', value: 1n } }, 'ENOTSUP'],
    ['no user', { users: [] }, 'EINVAL'],
    ['a relative path', { executables: ['bin/node'] }, 'EINVAL'],
  ])('a requirement of %s has an Error with a code, and makes nothing', (_what, requirement, code) => {
    const before = port.statistics();
    const target = { name: 'com.example.nobody', address: '/no/such/socket', requirement } as ConnectTarget;
    for (const make of [() => port.connect(target), () => port.listen({ requirement } as ListenTarget)]) {
      expect(make).toThrow(expect.objectContaining({ code }));
    }
    expect(port.statistics()).toEqual(before);
  });

  it.each<[string, unknown]>([
    ['an unknown kind', { kind: 'apple' }],
    ['no text', { kind: 'requirement' }],
    ['an entitlement without a name', { kind: 'entitlement' }],
    ['a value of another type', { kind: 'entitlement', name: 'a', value: 1 }],
    ['a value beyond 64 bits', { kind: 'entitlement', name: 'a', value: 2n ** 63n }],
    ['an identifier that is no text', { kind: 'platform', identifier: 7 }],
  ])('a requirement of code with %s is a TypeError', (_what, code) => {
    expect(() => port.listen({ requirement: { code } } as ListenTarget)).toThrow(TypeError);
  });
});
