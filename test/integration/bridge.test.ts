/** The bridge plugin as a real job, in a network namespace of the test's own: the machine's network is not touched. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const SCRIPT = join(import.meta.dirname, 'bridge/two-containers.mjs');

interface Connected {
  readonly attachment: {
    readonly ipv4Address: string;
    readonly ipv6Address: string;
    readonly macAddress: string;
  };
  readonly isConnected: boolean;
  readonly reason?: string;
}

interface Seen {
  readonly status: { readonly ipv4Gateway: string };
  readonly connected: Readonly<Record<'web' | 'db', Connected>>;
  readonly again: Readonly<Record<'web' | 'db', Connected>>;
  readonly inside: {
    readonly links: readonly { mtu: number; address: string; addr_info: { local: string }[] }[];
    readonly routes: readonly { gateway: string }[];
  };
  readonly [fact: string]: unknown;
}

/** Why namespaces and interfaces cannot be made here; undefined when they can. */
function missing(): string | undefined {
  if (process.platform !== 'linux') return 'it needs Linux';
  if (process.getuid?.() !== 0) return 'it needs root';
  const script =
    'ip link add lpa type bridge && ip link add lpb type veth peer name lpc && mount --bind /etc/resolv.conf /etc/resolv.conf';
  try {
    for (const tool of ['ip -V', 'busybox true', 'nsenter --version', 'mount --version']) {
      execFileSync('sh', ['-c', tool], { timeout: 60_000, stdio: 'pipe' });
    }
    execFileSync('unshare', ['-n', '-m', 'sh', '-c', script], { timeout: 60_000, stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return `namespaces and interfaces cannot be made: ${String((error as { stderr?: Buffer }).stderr ?? error).trim()}`;
  }
}

const reason = missing();
if (reason !== undefined) console.log(`skipped: the bridge plugin in namespaces: ${reason}`);

describe.skipIf(reason !== undefined)('two containers on one network', { timeout: 240_000 }, () => {
  let directory: string;
  let seen: Seen;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'lp-'));
    const env = { PATH: process.env.PATH, HOME: directory };
    const options = { timeout: 220_000, env, killSignal: 'SIGKILL' as const };
    const args = ['-n', process.execPath, SCRIPT, directory];
    try {
      const { stdout } = await promisify(execFile)('unshare', args, options);
      seen = JSON.parse(stdout);
    } catch (error) {
      const { stderr = '' } = error as { stderr?: string };
      const log = join(directory, 'log/bridge-lan.log');
      throw new Error(`${stderr}\n${readFileSync(log, { encoding: 'utf8', flag: 'a+' })}`, { cause: error });
    }
  }, 240_000);

  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('have their interfaces, with address, MAC, MTU and default route', () => {
    const { web } = seen.connected;
    expect(web.isConnected).toBe(true);
    expect(seen.inside.links).toHaveLength(1);
    const [link] = seen.inside.links;
    expect(link).toMatchObject({ mtu: 1400, address: web.attachment.macAddress });
    const addresses = link?.addr_info.map(({ local }) => local);
    expect(addresses).toContain(web.attachment.ipv4Address.split('/')[0]);
    expect(addresses).toContain(web.attachment.ipv6Address.split('/')[0]);
    expect(seen.inside.routes).toMatchObject([{ gateway: seen.status.ipv4Gateway }]);
  });

  it('reach each other and the gateway by address, and each other by name', () => {
    expect(seen.pings).toEqual({ address: true, back: true, gateway: true, name: true, ipv6: true });
    expect(seen.lookUp).toMatch(/name = db\b/);
  });

  it('reach beyond the machine, under its address', ({ skip }) => {
    if (typeof seen.beyond === 'string') {
      console.log(`skipped: containers reach beyond the machine: ${seen.beyond}`);
      skip(seen.beyond);
    }
    expect(seen.beyond).toBe(true);
  });

  it('plugin case 59: keep addresses and interfaces while the plugin is killed and comes back', () => {
    expect(seen.again.web.attachment).toEqual(seen.connected.web.attachment);
    expect(seen.again.db.attachment).toEqual(seen.connected.db.attachment);
    expect(seen).toMatchObject({ pingWhileDead: true, pingAgain: true, withExtra: 2 });
    expect(seen.kept).toEqual({ count: 1, isSame: true });
  });

  it('lose interface, address and name with the session that held them', () => {
    expect(seen.pingGone).toMatch(/bad address|unknown host|not known/i);
    expect(seen.leases).toEqual([]);
  });

  it('cannot have the network of the machine, or an interface that is there already', () => {
    expect(seen.refused).toContain('netns is the network of the machine');
    expect(seen.taken).toContain('extra cannot be attached: it has an interface eth0 already');
  });

  it('leave nothing on the machine, and what others made as it was', () => {
    expect(seen.left).toEqual(['lo', 'lp-lan-00000', 'lpv000000000000']);
  });
});
