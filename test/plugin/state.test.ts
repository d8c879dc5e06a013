import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/base/index.js';
import { type RegistrationRecord, RegistrationStore } from '../../src/plugin/index.js';
import { useDirectory } from './bundles.js';

const directory = useDirectory();
let records = '';
let store: RegistrationStore;
let warnings: string[] = [];

beforeEach(() => {
  records = join(directory(), 'registrations');
  warnings = [];
  store = new RegistrationStore(records, { ...silentLogger, warn: (message) => warnings.push(message) });
});

const record = (label: string): RegistrationRecord => ({
  label,
  target: `gui/501/${label}`,
  domain: 'gui/501',
  plugin: 'foo',
  kind: 'container',
  instance: 'web-1',
  owner: 'plugin foo, container web-1',
  services: [`${label}.service`],
  plistPath: '/p/service.plist',
  stateRoot: '/p',
  bundlePath: '/b',
  digest: 'abc',
  binary: { dev: 1, ino: 2, size: 3, mtimeMs: 4.5 },
  registeredAt: '2026-01-01T00:00:00.000Z',
});

describe('records', () => {
  it('come back as they were written', async () => {
    await store.write(record('org.example.a'));
    expect(await store.read('org.example.a')).toEqual(record('org.example.a'));
    expect(await store.read('org.example.b')).toBeUndefined();
    expect(warnings).toEqual([]);
  });

  it('are private, and written without leaving temporary files', async () => {
    await store.write(record('a'));
    await store.write({ ...record('a'), digest: 'def' });
    expect(readdirSync(records)).toEqual(['a.json']);
    expect(statSync(join(records, 'a.json')).mode & 0o777).toBe(0o600);
    expect(statSync(records).mode & 0o777).toBe(0o700);
    expect(await store.read('a')).toMatchObject({ digest: 'def' });
  });

  it('are listed by label, without what is no record', async () => {
    expect(await store.list()).toEqual([]);
    for (const label of ['b', 'a', 'c']) await store.write(record(label));
    writeFileSync(join(records, 'README'), '');
    writeFileSync(join(records, 'not a label.json'), '{}');
    writeFileSync(join(records, 'd.json'), '{}');
    expect((await store.list()).map((each) => each.label)).toEqual(['a', 'b', 'c']);
    expect(warnings).toHaveLength(1);
  });

  it('are forgotten, and forgetting twice does no harm', async () => {
    await store.write(record('a'));
    await store.remove('a');
    await store.remove('a');
    expect(await store.list()).toEqual([]);
  });

  it('that cannot be trusted never become a target', async () => {
    mkdirSync(records);
    const bad = [
      '',
      'null',
      JSON.stringify({ version: 2, ...record('a') }),
      JSON.stringify({ version: 1, ...record('b') }),
      JSON.stringify({ version: 1, ...record('a'), target: 'gui/501' }),
      JSON.stringify({ version: 1, ...record('a'), target: 'gui/501/b' }),
      JSON.stringify({ version: 1, ...record('a'), target: 'pid/1/a' }),
      ' '.repeat(100_000),
    ];
    for (const text of bad) {
      writeFileSync(join(records, 'a.json'), text);
      expect(await store.read('a')).toBeUndefined();
    }
    expect(warnings).toHaveLength(bad.length);
    expect(warnings[0]).toContain(`ignoring the registration record ${join(records, 'a.json')}`);
  });

  it('that others may write are not believed', async () => {
    await store.write(record('a'));
    for (const mode of [0o620, 0o602]) {
      chmodSync(join(records, 'a.json'), mode);
      expect(await store.read('a')).toBeUndefined();
    }
    expect(warnings[0]).toContain('others may write it');
    chmodSync(join(records, 'a.json'), 0o644);
    expect(await store.read('a')).toBeDefined();
  });

  it('have a label for a file name', async () => {
    await expect(store.read('../a')).rejects.toMatchObject({ code: 'ERR_LAUNCHD_LABEL' });
    await expect(store.remove('a/b')).rejects.toMatchObject({ code: 'ERR_LAUNCHD_LABEL' });
  });
});
