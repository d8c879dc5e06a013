/** A network backend of somebody else: addresses from a list, and nothing of the machine is touched. */
import { networkProtocol } from 'launchport/compat';
import { definePlugin, routesOf, serve } from 'launchport/sdk';

const option = (name) => process.argv[process.argv.indexOf(name) + 1];
const network = option('--id');
const [base] = option('--subnet').split('.0/');
const free = Array.from({ length: 200 }, (_, index) => `${base}.${index + 2}/24`);
const taken = new Map();

const handlers = {
  status: () => ({ status: { ipv4Subnet: `${base}.0/24`, ipv4Gateway: `${base}.1` } }),
  allocate: ({ hostname }, { session }) => {
    const attachment = taken.get(hostname) ?? {
      network,
      hostname,
      ipv4Address: free.shift(),
      ipv4Gateway: `${base}.1`,
      variant: option('--flavour'),
    };
    taken.set(hostname, attachment);
    session.onDisconnect(() => {
      if (taken.delete(hostname)) free.unshift(attachment.ipv4Address);
    });
    return { attachment };
  },
  lookup: ({ hostname }) => ({ attachment: taken.get(hostname) }),
};

await serve(
  definePlugin({ name: 'ledger', services: { network: { routes: routesOf(networkProtocol, handlers) } } }),
);
