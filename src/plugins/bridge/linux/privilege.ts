/** Whether this process may make interfaces, and has what it takes. */
import { readFile } from 'node:fs/promises';
import { errorText } from '../../../base/index.js';
import type { RunTool } from './tool.js';

/** Bit of CAP_NET_ADMIN (capabilities(7), linux/capability.h). */
const CAP_NET_ADMIN = 12n;

/** Undefined when interfaces can be made, else why not. Never rejects. */
export async function missingForInterfaces(
  run: RunTool,
  status = '/proc/self/status',
): Promise<string | undefined> {
  const text = await readFile(status, 'utf8').catch(() => '');
  const effective = /^CapEff:\s*([0-9a-f]+)$/im.exec(text)?.[1];
  if (effective === undefined || ((BigInt(`0x${effective}`) >> CAP_NET_ADMIN) & 1n) === 0n) {
    return 'making interfaces needs the privilege CAP_NET_ADMIN, which this process does not have';
  }
  try {
    const { stdout } = await run('ip', ['-V']);
    if (!stdout.includes('iproute2')) return 'the ip on this system is not that of iproute2';
    await run('nsenter', ['--version']);
    return undefined;
  } catch (error) {
    return `${errorText(error)}: install iproute2 and util-linux`;
  }
}
