/** Signals, and what a container's own files say of it and its networks. */
import { describe, expect, it } from 'vitest';
import { attachment, containerConfiguration } from '../../../src/compat/index.js';
import { networkFiles } from '../../../src/plugins/sandboxd/network-files.js';
import { signalNumber } from '../../../src/plugins/sandboxd/signals.js';

const configuration = (changes: Record<string, unknown> = {}) =>
  containerConfiguration.parse({
    id: 'web-1',
    image: { reference: 'x', descriptor: { mediaType: 'm', digest: 'sha256:0', size: 0 } },
    initProcess: {
      executable: 'x',
      arguments: [],
      environment: [],
      workingDirectory: '/',
      terminal: false,
      user: { id: { uid: 0, gid: 0 } },
      supplementalGroups: [],
      rlimits: [],
    },
    ...changes,
  });

const place = attachment.parse({
  network: 'default',
  hostname: 'web.test.',
  ipv4Address: '10.0.0.2/24',
  ipv4Gateway: '10.0.0.1',
  ipv6Address: 'fd00::2/64',
});

describe('signals', () => {
  it('are known by name, with and without SIG, and by number', () => {
    for (const text of ['SIGTERM', 'term', 'TERM', '15', ' SigTerm '])
      expect(signalNumber(text), text).toBe(15);
    expect(signalNumber('KILL')).toBe(9);
  });

  it('others are refused', () => {
    for (const text of ['', '0', '65', '-9', 'SIG', 'SIGNOTHING', '9x', '1e1', 'toString']) {
      expect(() => signalNumber(text), text).toThrow(/no signal/);
    }
  });
});

describe('files of a container', () => {
  it('name it at its addresses, with the gateway as name server', () => {
    const networks = [{ network: 'default', options: { hostname: 'web.test.' } }];
    const files = networkFiles(configuration({ networks }), [place]);
    expect(files['/etc/hosts']).toContain('10.0.0.2\tweb.test web\nfd00::2\tweb.test web\n');
    expect(files['/etc/hosts']).toContain('127.0.0.1\tlocalhost\n');
    expect(files['/etc/resolv.conf']).toBe('nameserver 10.0.0.1\n');
    expect(files['/etc/hostname']).toBe('web\n');
  });

  it('say what the configuration says of names', () => {
    const dns = {
      nameservers: ['9.9.9.9'],
      domain: 'a.test',
      searchDomains: ['b.test'],
      options: ['ndots:2'],
    };
    expect(networkFiles(configuration({ dns }), [place])['/etc/resolv.conf']).toBe(
      'nameserver 9.9.9.9\nsearch a.test b.test\noptions ndots:2\n',
    );
  });

  it('have its id without a network, and no name server', () => {
    const files = networkFiles(configuration(), []);
    expect(files['/etc/hosts']).toContain('127.0.1.1\tweb-1\n');
    expect([files['/etc/resolv.conf'], files['/etc/hostname']]).toEqual(['', 'web-1\n']);
  });
});
