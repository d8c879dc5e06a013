import { describe, expect, it } from 'vitest';
import {
  type DomainTarget,
  domainForManager,
  parseDomainTarget,
  parseServiceTarget,
  serviceTarget,
} from '../../src/launchd/index.js';
import { thrownBy } from '../helpers/thrown.js';

describe('parseDomainTarget', () => {
  it.each(['system', 'user/0', 'user/501', 'gui/501', 'gui/4294967294'])('reads %s', (text) => {
    expect(parseDomainTarget(text)).toBe(text);
  });

  it.each([
    '',
    'System',
    'system/',
    'system/a',
    'user',
    'user/',
    'user/-1',
    'user/+1',
    'user/007',
    'user/1e3',
    'user/4294967295',
    'gui/501/a',
    'login/100015',
    'pid/1',
    'gui/501 ',
    'gui/501\n',
  ])('refuses %j', (text) => {
    expect(thrownBy(() => parseDomainTarget(text)).code).toBe('ERR_LAUNCHD_TARGET');
  });
});

describe('parseServiceTarget', () => {
  it.each([
    ['system/a.b', 'system', 'a.b'],
    ['gui/501/com.example.echo', 'gui/501', 'com.example.echo'],
  ])('reads %s', (text, domain, label) => {
    expect(parseServiceTarget(text)).toEqual({ domain, label });
  });

  it.each(['', 'system', 'gui/501', 'user/501', 'a.b', 'gui/a.b', 'gui/501/a/b'])('refuses %j', (text) => {
    expect(thrownBy(() => parseServiceTarget(text)).code).toBe('ERR_LAUNCHD_TARGET');
  });

  it('refuses a domain followed by an empty label, which some verbs would take for the whole session', () => {
    expect(thrownBy(() => parseServiceTarget('gui/501/')).code).toBe('ERR_LAUNCHD_LABEL');
  });
});

describe('serviceTarget', () => {
  it('joins and checks', () => {
    expect(serviceTarget('user/501', 'a.b')).toBe('user/501/a.b');
    expect(thrownBy(() => serviceTarget('user/501', '')).code).toBe('ERR_LAUNCHD_LABEL');
    expect(thrownBy(() => serviceTarget('user/x' as DomainTarget, 'a')).code).toBe('ERR_LAUNCHD_TARGET');
  });
});

describe('domainForManager', () => {
  it.each([
    ['System', 0, 'system'],
    ['Aqua', 501, 'gui/501'],
    ['Background', 501, 'user/501'],
    ['StandardIO', 501, 'user/501'],
  ] as const)('%s of user %d is %s', (manager, uid, domain) => {
    expect(domainForManager(manager, uid)).toBe(domain);
  });

  it('has no domain for root in a user session, nor at the login window', () => {
    expect(thrownBy(() => domainForManager('Aqua', 0)).code).toBe('ERR_LAUNCHD_NO_DOMAIN');
    expect(thrownBy(() => domainForManager('LoginWindow', 501)).code).toBe('ERR_LAUNCHD_NO_DOMAIN');
    expect(() => domainForManager('Aqua', -1)).toThrow(RangeError);
  });
});
