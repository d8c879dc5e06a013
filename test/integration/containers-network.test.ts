/** Two containers on one network, with the daemon and everything below it in a network namespace of the test's own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandEnvironment } from '../helpers/command.js';
import { busyboxImage, imageFiles, writeArchive } from '../helpers/oci-image.js';
import { launchportInOwnNetwork, noContainersHere } from '../helpers/own-network.js';

const reason = noContainersHere('ip', 'link', 'add', 'probe', 'type', 'bridge');
if (reason !== undefined) console.log(`skipped: two containers on one network: ${reason}`);

describe.skipIf(reason !== undefined)('two containers on one network', { timeout: 300_000 }, () => {
  it('reach each other by name and by address', async () => {
    const home = mkdtempSync(join(tmpdir(), 'lp-'));
    const env = { ...commandEnvironment(home), CONTAINER_APP_ROOT: join(home, 'app') };
    const launchport = (...args: readonly string[]) => launchportInOwnNetwork(env, ...args);
    const succeed = async (...args: readonly string[]) => {
      const { code, stdout, stderr } = await launchport(...args);
      expect(`${code} ${stderr}`, `launchport ${args.join(' ')}`).toMatch(/^0 /);
      return stdout;
    };
    try {
      await succeed('system', 'start');
      const archive = writeArchive(join(home, 'alpine.tar'), imageFiles(busyboxImage(), 'alpine:latest'));
      await succeed('image', 'import', archive);
      await succeed('network', 'create', '--subnet', '10.77.9.0/24', 'backend');
      for (const name of ['one', 'two'])
        await succeed('run', '-d', '--name', name, '--network', 'backend', 'alpine', 'sleep', '600');
      const [inspected] = JSON.parse(await succeed('inspect', 'two')) as {
        readonly status: { readonly networks: readonly { readonly ipv4Address: string }[] };
      }[];
      const address = inspected?.status.networks[0]?.ipv4Address.split('/')[0] ?? 'none';
      expect(address).toMatch(/^10\.77\.9\.\d+$/);
      for (const target of ['two', address])
        expect(await succeed('exec', 'one', 'ping', '-c', '1', '-w', '60', target)).toContain(
          ' 0% packet loss',
        );
      expect(await succeed('exec', 'two', 'ping', '-c', '1', '-w', '60', 'one')).toContain(' 0% packet loss');
      await succeed('rm', '-f', 'one', 'two');
      await succeed('network', 'delete', 'backend');
    } finally {
      await launchport('system', 'stop');
      rmSync(home, { recursive: true, force: true });
    }
  });
});
