/** enable, disable, and the file that keeps them. */
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rejectionOf } from '../helpers/thrown.js';
import { Bench, DOMAIN, LABEL } from './bench.js';

const TARGET = `${DOMAIN}/${LABEL}` as const;

/** Stops the supervisor and starts the next one on its directory. */
async function restart(bench: Bench): Promise<void> {
  await bench.supervisor.stop();
  bench.supervisor = await bench.supervise();
}

describe('disable', () => {
  it('launchd case 47: refuses the load, also after a restart and for another plist, until enable', async () => {
    await using bench = await Bench.start();
    await bench.supervisor.disable(TARGET);
    expect((await rejectionOf(bench.load())).code).toBe('ERR_LAUNCHD_DISABLED');
    await restart(bench);
    rmSync(await bench.plist());
    expect((await rejectionOf(bench.load())).code).toBe('ERR_LAUNCHD_DISABLED');
    expect(await bench.supervisor.overrides(DOMAIN)).toEqual(new Map([[LABEL, true]]));
    await bench.supervisor.enable(TARGET);
    await restart(bench);
    await bench.load();
    expect(await bench.supervisor.overrides(DOMAIN)).toEqual(new Map([[LABEL, false]]));
  });

  it('leaves what runs alone, and a start by hand too', async () => {
    await using bench = await Bench.start();
    const target = await bench.load({ RunAtLoad: true });
    const { pid } = await bench.print();
    await bench.supervisor.disable(target);
    await bench.settled();
    expect((await bench.print()).pid).toBe(pid);
    await bench.end(0);
    await bench.supervisor.kickstart(target);
    expect((await bench.print()).runs).toBe(2);
  });

  it('enable outweighs Disabled of a plist, for a label that was never loaded', async () => {
    await using bench = await Bench.start();
    expect((await rejectionOf(bench.load({ Disabled: true }))).code).toBe('ERR_LAUNCHD_DISABLED');
    await bench.supervisor.enable(TARGET);
    expect(await bench.load({ Disabled: true })).toBe(TARGET);
  });

  it('is told as an event, once', async () => {
    await using bench = await Bench.start();
    await bench.supervisor.disable(TARGET);
    await bench.supervisor.disable(TARGET);
    await bench.supervisor.enable(TARGET);
    expect(bench.transitions).toEqual([
      { kind: 'disabled', target: TARGET, label: LABEL },
      { kind: 'enabled', target: TARGET, label: LABEL },
    ]);
  });
});

describe('disabled.json', () => {
  it('is private, and complete at every moment', async () => {
    await using bench = await Bench.start();
    const path = join(bench.directory, 'disabled.json');
    await bench.supervisor.disable(TARGET);
    await bench.supervisor.disable(`${DOMAIN}/__proto__`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(path, 'utf8')).version).toBe(1);
    await restart(bench);
    expect(await bench.supervisor.overrides(DOMAIN)).toEqual(
      new Map([
        ['__proto__', true],
        [LABEL, true],
      ]),
    );
  });

  it.each(['{', '[]', '{"version":2,"disabled":{}}', '{"version":1,"disabled":{"user/1":{"a":1}}}'])(
    'is put aside when it is damaged: %s',
    async (text) => {
      await using bench = await Bench.start();
      const path = join(bench.directory, 'disabled.json');
      writeFileSync(path, text);
      await restart(bench);
      expect(bench.log.text).toContain('were forgotten');
      expect(readFileSync(`${path}.damaged`, 'utf8')).toBe(text);
      await bench.supervisor.disable(TARGET);
      expect(await bench.supervisor.overrides(DOMAIN)).toEqual(new Map([[LABEL, true]]));
    },
  );

  it('changes nothing when it cannot be written', async () => {
    await using bench = await Bench.start();
    rmSync(bench.directory, { recursive: true });
    expect((await rejectionOf(bench.supervisor.disable(TARGET))).code).toBe('ERR_LAUNCHD_STATE');
    expect(await bench.supervisor.overrides(DOMAIN)).toEqual(new Map());
    expect(bench.transitions).toEqual([]);
  });
});
