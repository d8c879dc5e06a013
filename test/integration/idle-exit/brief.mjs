// A plugin for the test of idle exit: notes its starts and each request it serves.
//   node brief.mjs start
import { appendFileSync } from 'node:fs';
import { definePlugin, defineRoute, route, serve, x } from '../../../dist/sdk/index.js';

const { STARTS, SERVED, IDLE_EXIT } = process.env;
appendFileSync(STARTS, `${process.pid}\n`);

const shapes = { request: { n: x.int64().asNumber() }, reply: { pid: x.int64().asNumber() } };
const handler = ({ n }) => {
  appendFileSync(SERVED, `${n}\n`);
  return { pid: process.pid };
};

await serve(
  definePlugin({
    name: 'brief',
    idleExit: Number(IDLE_EXIT),
    services: {
      core: {
        routes: [
          route('once', shapes, handler),
          route(defineRoute('again', { ...shapes, isIdempotent: true }), handler),
        ],
      },
    },
  }),
);
