/** The one suite that every implementation of the binding passes: the mock, the Linux addon, the Darwin addon. */
import { afterEach, beforeEach, describe, expect } from 'vitest';
import { abortTests } from './aborts.js';
import { barrierTests } from './barriers.js';
import { Bench } from './bench.js';
import { clientTests } from './client.js';
import { endpointTests } from './endpoints.js';
import type { ConformanceEnvironment } from './environment.js';
import { jobRightsTests } from './job-rights.js';
import { leakTests } from './leaks.js';
import { lifecycleTests } from './lifecycle.js';
import { limitTests } from './limits.js';
import { listenerTests } from './listeners.js';
import { loanTests } from './loans.js';
import { memoryTests } from './memory.js';
import { messageTests } from './messages.js';
import { misuseTests } from './misuse.js';
import { processStateTests } from './process-state.js';
import { processTests } from './processes.js';
import { requestTests } from './requests.js';
import { requirementTests } from './requirements.js';
import { rightsTests } from './rights.js';
import { socketTests } from './sockets.js';
import { suspensionTests } from './suspension.js';

/** Gives the bench of the running test. */
export type UseBench = () => Bench;

/** What an implementation cannot be tested for here. */
export interface ConformanceOptions {
  /** Why there is no supervisor to start services; absent when there is one. */
  readonly withoutSupervisor?: string;
}

/** Defines the suite for an implementation; `createEnvironment` is called for each test. */
export function defineConformance(
  name: string,
  createEnvironment: () => ConformanceEnvironment,
  options: ConformanceOptions = {},
): void {
  describe(`the binding contract: ${name}`, { timeout: 150_000 }, () => {
    let bench: Bench;
    const use = () => bench;

    beforeEach(() => {
      bench = new Bench(createEnvironment());
    });

    afterEach(async () => {
      const ports = [bench.client, bench.server];
      await bench.close();
      expect(ports.map((port) => port.isDeliveredInsideCall)).toEqual([false, false]);
    });

    describe('clients', () => clientTests(use));
    describe('misuse', () => misuseTests(use));
    describe('what would end the process', () => abortTests(use));
    describe('rights', () => rightsTests(use));
    describe('leaks', () => leakTests(use));
    describe('memory', () => memoryTests(use));
    describe('endpoints', () => endpointTests(use));
    describe('suspension', () => suspensionTests(use));
    describe('requirements', () => requirementTests(use));
    describe('process state', () => processStateTests(use));

    const reason = options.withoutSupervisor;
    describe.skipIf(reason !== undefined)(`services${reason === undefined ? '' : ` (${reason})`}`, () => {
      describe('lifecycle', () => lifecycleTests(use));
      describe('requests', () => requestTests(use));
      describe('messages', () => messageTests(use));
      describe('barriers', () => barrierTests(use));
      describe('limits', () => limitTests(use));
      describe('lent memory', () => loanTests(use));
      describe('listeners', () => listenerTests(use));
      describe('sockets', () => socketTests(use));
      describe('processes', () => processTests(use));
      describe('rights between processes', () => jobRightsTests(use));
    });
  });
}
