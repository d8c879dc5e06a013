/** A process that measures one thing about starting, says what came of it, and ends. */
import type { StartupOrder } from '../startup/order.js';
import { measure } from '../startup/work.js';

const order = JSON.parse(process.argv[2] ?? '') as StartupOrder;
// Who started us is gone; what we started goes with us.
process.stdin.on('end', () => process.exit(1)).resume();
const result = await measure(order);
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
