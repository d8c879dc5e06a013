import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isUsableVariable, jobEnvironment, standardPath } from '../../src/supervisor/environment.js';

const inputs = { label: 'com.example.job', bootstrap: '/run/b', host: {}, own: {} };
const environment = (changes: Partial<typeof inputs>) =>
  Object.fromEntries(
    jobEnvironment({ ...inputs, ...changes }).map((entry): [string, string] => {
      const at = entry.indexOf('=');
      return [entry.slice(0, at), entry.slice(at + 1)];
    }),
  );

describe('jobEnvironment', () => {
  it('is a small base, not the environment of the host', () => {
    const host = { HOME: '/h', USER: 'u', LOGNAME: 'l', SHELL: '/s', TMPDIR: '/t', SECRET: 'x', PATH: '/y' };
    expect(environment({ host })).toEqual({
      PATH: standardPath(),
      HOME: '/h',
      USER: 'u',
      LOGNAME: 'l',
      SHELL: '/s',
      TMPDIR: '/t',
      XPC_SERVICE_NAME: 'com.example.job',
      LAUNCHPORT_BOOTSTRAP: '/run/b',
    });
  });

  it('takes from the password file what the host does not say', () => {
    const { HOME, USER, LOGNAME, TMPDIR } = environment({});
    expect(HOME).toMatch(/^\//);
    expect(USER).toBe(LOGNAME);
    expect(TMPDIR).toBeUndefined();
  });

  it('lets the job set its own, except what belongs to launchd', () => {
    const own = {
      PATH: '/own',
      HOME: '/own-home',
      EMPTY: '',
      XPC_SERVICE_NAME: 'other',
      LAUNCHPORT_BOOTSTRAP: '/other',
      LISTEN_FDS: '3',
      LISTEN_PID: '1',
      LISTEN_FDNAMES: 'x',
    };
    const result = environment({ own });
    expect(result).toMatchObject({ PATH: '/own', HOME: '/own-home', EMPTY: '' });
    expect(result).toMatchObject({ XPC_SERVICE_NAME: 'com.example.job', LAUNCHPORT_BOOTSTRAP: '/run/b' });
    expect(Object.keys(result).filter((name) => name.startsWith('LISTEN_'))).toEqual([]);
  });

  it('leaves out what no environment can hold', () => {
    expect(isUsableVariable('A', 'b=c')).toBe(true);
    expect(isUsableVariable('', 'b')).toBe(false);
    expect(isUsableVariable('A=B', 'c')).toBe(false);
    expect(isUsableVariable('A\0', 'c')).toBe(false);
    expect(isUsableVariable('A', '\0')).toBe(false);
  });

  it('finds the running Node first', () => {
    expect(standardPath('/opt/node/bin/node')).toBe(
      '/opt/node/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin',
    );
    expect(standardPath('/usr/bin/node')).toBe('/usr/bin:/usr/local/bin:/bin:/usr/sbin:/sbin');
    expect(standardPath().split(':')[0]).toBe(dirname(process.execPath));
  });
});
