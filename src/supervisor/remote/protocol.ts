/** The control protocol of a supervisor: its routes, and the number that says which edition of them is spoken. */
import * as z from 'zod';
import { type JobSummary, jobStatusJson } from '../../launchd/index.js';
import { defineProtocol, x } from '../../routes/index.js';
import type { JobEvent } from '../event-stream.js';
import { errorJson } from './error-json.js';

/** The Mach service under which a supervisor is controlled. */
export const SUPERVISOR_SERVICE = 'com.launchport.supervisor';

/**
 * The edition of the protocol. It goes up when a route changes so that the other side would misunderstand it; `info` and
 * `shutdown` never change, so that any client can tell what runs and end it.
 */
export const SUPERVISOR_PROTOCOL = 1;

/** In every request: the client's edition, and for one that takes time its number and its milliseconds. */
const head = {
  protocol: x.int64().asNumber(),
  /** Counted by the client; `cancel` names it. */
  call: x.int64().asNumber(),
  timeout: x.double().optional(),
};
/** In every reply: the error, whole. The result is absent then. */
const tail = { error: x.json(errorJson).optional() };

const summary = z.object({ label: z.string(), pid: z.int().optional(), status: z.int().optional() });
const event = z.looseObject({ kind: z.string(), time: z.number() });
// What zod cannot say: what an event of each kind has. Both ends are this package.
const summariesJson = z.array(summary) as z.ZodType as z.ZodType<readonly JobSummary[]>;
const eventJson = event as z.ZodType as z.ZodType<JobEvent>;

/** The routes. */
export const supervisorProtocol = defineProtocol({
  name: 'supervisor',
  prefix: `${SUPERVISOR_SERVICE}/`,
  routes: {
    info: {
      reply: {
        protocol: x.int64().asNumber(),
        version: x.string(),
        pid: x.int64().asNumber(),
        directory: x.string(),
        startedAt: x.date().asDate(),
        jobs: x.int64().asNumber(),
        /** Path of its log, when it keeps one. */
        log: x.string().optional(),
      },
    },
    /** Answers at once; the supervisor then ends all jobs, for at most `timeout` milliseconds, and its process. */
    shutdown: { request: { timeout: x.double().optional() }, reply: { pid: x.int64().asNumber() } },
    /** One-way: nobody waits for that call any more. */
    cancel: { request: { call: x.int64().asNumber() } },
    session: {
      request: head,
      reply: { ...tail, manager: x.string().optional(), domain: x.string().optional() },
    },
    bootstrap: {
      request: { ...head, domain: x.string(), path: x.string() },
      reply: { ...tail, target: x.string().optional() },
    },
    bootout: { request: { ...head, target: x.string() }, reply: tail },
    kickstart: {
      request: { ...head, target: x.string(), kill: x.bool() },
      reply: { ...tail, pid: x.int64().asNumber().optional() },
    },
    kill: { request: { ...head, target: x.string(), signal: x.string() }, reply: tail },
    print: {
      request: { ...head, target: x.string() },
      reply: { ...tail, status: x.json(jobStatusJson).optional() },
    },
    enable: { request: { ...head, target: x.string() }, reply: tail },
    disable: { request: { ...head, target: x.string() }, reply: tail },
    overrides: {
      request: { ...head, domain: x.string() },
      reply: { ...tail, overrides: x.json(z.record(z.string(), z.boolean())).optional() },
    },
    list: { request: head, reply: { ...tail, jobs: x.json(summariesJson).optional() } },
    events: {
      request: { ...head, bufferSize: x.int64().asNumber().optional() },
      // The first item has no event: from then on none is missed.
      item: { event: x.json(eventJson).optional() },
      reply: tail,
    },
  },
});
