// Two containers on one network, in a network namespace of this process: `unshare -n node two-containers.mjs DIR`.
// Prints what it saw as one line of JSON.
import { execFile, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { interfaceProtocol, networkProtocol } from '../../../dist/compat/index.js';
import { PluginHost } from '../../../dist/harness/index.js';
import { fileDescriptor } from '../../../dist/sdk/index.js';

const PLUGINS = join(import.meta.dirname, '../../../dist/plugins');
const DEADLINE = 60_000;
const directory = process.argv[2];
const seen = {};
const children = [];

const run = promisify(execFile);
/** Standard output; throws with standard error for any exit status but 0. */
const tool = async (file, ...args) => (await run(file, args, { timeout: DEADLINE })).stdout;
const ip = async (...args) => JSON.parse((await tool('ip', '-j', ...args)) || '[]');

/** A process in namespaces of its own, which resolves names as a container would. */
async function container(name, nameServer) {
  const resolver = join(directory, `resolv-${name}`);
  writeFileSync(resolver, `nameserver ${nameServer}\noptions timeout:2 attempts:20\n`);
  const script = `mount --bind ${resolver} /etc/resolv.conf && echo ready && exec sleep 600`;
  const child = spawn('unshare', ['-n', '-m', 'sh', '-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve);
    child.once('exit', (code) => reject(new Error(`container ${name} ended with ${code}`)));
  });
  const enter = (...args) => tool('nsenter', '-t', String(child.pid), '-n', '-m', ...args);
  return {
    pid: child.pid,
    enter,
    netns: openSync(`/proc/${child.pid}/ns/net`, 'r'),
    /** True once a ping came back; a busy machine may lose one. */
    ping: (target) =>
      until(
        `a ping to ${target}`,
        () => answers(enter, target),
        (isBack) => isBack,
      ),
    failedPing: (target) =>
      enter('busybox', 'ping', '-c', '1', '-W', '2', target).catch(({ stderr }) => stderr),
    links: async () =>
      JSON.parse(await enter('ip', '-j', 'address', 'show')).filter(({ ifname }) => ifname !== 'lo'),
    routes: async () => JSON.parse(await enter('ip', '-j', 'route', 'show', 'default')),
    lookUp: (name) => enter('busybox', 'nslookup', name).catch((error) => `${error.stdout}${error.stderr}`),
  };
}

const answers = (enter, target) =>
  enter('busybox', 'ping', '-c', '1', '-W', '5', target).then(
    () => true,
    () => false,
  );

/** Until `check` is true of what `look` gives. */
async function until(what, look, check) {
  const end = Date.now() + DEADLINE;
  for (;;) {
    const value = await look();
    if (check(value)) return value;
    if (Date.now() > end) throw new Error(`${what}: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Whether somebody beyond this machine is reached, who knows no way back to the containers; or why that cannot be seen. */
async function beyond(web, { reason = '' }) {
  if (reason.includes('no NAT')) return reason;
  try {
    writeFileSync('/proc/sys/net/ipv4/ip_forward', '1');
  } catch (error) {
    return error.message;
  }
  const world = await container('world', '203.0.113.1');
  await tool('ip', 'link', 'add', 'out', 'type', 'veth', 'peer', 'name', 'in', 'netns', String(world.pid));
  await tool('ip', 'address', 'add', '203.0.113.1/24', 'dev', 'out');
  await tool('ip', 'link', 'set', 'out', 'up');
  await world.enter('ip', 'address', 'add', '203.0.113.2/24', 'dev', 'in');
  await world.enter('ip', 'link', 'set', 'in', 'up');
  const isBack = await web.ping('203.0.113.2');
  await tool('ip', 'link', 'delete', 'out');
  return isBack;
}

const app = join(directory, 'app');
const leaseFile = join(app, 'networks/lan/leases.json');
const start = () =>
  PluginHost.start({
    directory: join(directory, 'run'),
    roots: { app, install: directory, log: join(directory, 'log') },
    pluginDirectories: [PLUGINS],
    environment: { HOME: directory, PATH: process.env.PATH },
  });

// Links of others, with names as ours have them.
await tool('ip', 'link', 'add', 'lp-lan-00000', 'type', 'bridge');
await tool('ip', 'link', 'add', 'lpv000000000000', 'type', 'bridge');

const host = await start();
try {
  const service = 'com.apple.container.network.bridge.lan';
  const args = [
    'start',
    '--id',
    'lan',
    '--service-identifier',
    service,
    '--mode',
    'nat',
    '--option',
    'mtu=1400',
  ];
  const registration = await host.harness.register('bridge', 'lan', { args });
  const client = () => host.harness.connect('bridge', { instance: 'lan' });
  const [first, second] = [client(), client()];
  const { status } = await first.as(networkProtocol).call('status');
  seen.status = status;
  const web = await container('web', status.ipv4Gateway);
  const db = await container('db', status.ipv4Gateway);
  const attach = (who, hostname, { netns }) =>
    who
      .as(interfaceProtocol)
      .call('attach', { hostname, interfaceName: 'eth0', netns: fileDescriptor(netns) });
  const connected = { web: await attach(first, 'web', web), db: await attach(second, 'db', db) };
  seen.connected = connected;
  const addressOf = (name, key) => connected[name].attachment[key].split('/')[0];
  seen.inside = { links: await web.links(), routes: await web.routes() };
  seen.pings = {
    address: await web.ping(addressOf('db', 'ipv4Address')),
    back: await db.ping(addressOf('web', 'ipv4Address')),
    gateway: await web.ping(status.ipv4Gateway),
    name: await web.ping('db'),
    ipv6: await db.ping(addressOf('web', 'ipv6Address')),
  };
  seen.lookUp = await web.lookUp(addressOf('db', 'ipv4Address'));

  seen.beyond = await beyond(web, connected.web);

  // A namespace that is no container's, and a second interface of the same name.
  const own = openSync('/proc/self/ns/net', 'r');
  seen.refused = await attach(first, 'web', { netns: own }).catch((error) => error.message);
  closeSync(own);
  seen.taken = await attach(first, 'extra', db).catch((error) => error.message);

  // The plugin dies and comes back: who is attached stays so. A pair that has no lease any more is removed.
  const extra = { hostname: 'extra', interfaceName: 'eth1', netns: fileDescriptor(web.netns) };
  await first.as(interfaceProtocol).call('attach', extra);
  seen.withExtra = (await web.links()).length;
  const { pid } = await host.control.print(registration.target);
  process.kill(pid, 'SIGKILL');
  await until(
    'the end of the plugin',
    () => host.control.print(registration.target),
    (job) => job?.pid !== pid,
  );
  const leases = JSON.parse(readFileSync(leaseFile, 'utf8'));
  leases.leases = leases.leases.filter(({ hostname }) => hostname !== 'extra');
  writeFileSync(leaseFile, JSON.stringify(leases));
  seen.pingWhileDead = await web.ping(addressOf('db', 'ipv4Address'));
  await host.control.kickstart(registration.target);
  seen.again = { web: await attach(first, 'web', web), db: await attach(second, 'db', db) };
  const links = await web.links();
  seen.kept = { count: links.length, isSame: links[0].ifindex === seen.inside.links[0].ifindex };
  seen.pingAgain = await web.ping('db');

  // The owner of one of them leaves.
  await second.close();
  await until('the end of the interface', db.links, (links) => links.length === 0);
  await until(
    'the end of the lease',
    () => first.as(networkProtocol).call('lookup', { hostname: 'db' }),
    (reply) => reply.attachment === undefined,
  );
  seen.pingGone = await web.failedPing('db');
} finally {
  await host.stop();
  for (const child of children) child.kill('SIGKILL');
}
// What is left on the machine and on the disk.
seen.left = (await ip('link', 'show')).map(({ ifname }) => ifname);
seen.leases = JSON.parse(readFileSync(leaseFile, 'utf8')).leases;
console.log(JSON.stringify(seen));
process.exit(0);
