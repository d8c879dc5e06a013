/** The jobs of a supervisor, found by target, by the descriptor of a service, and by process. */
import type { ServiceTarget } from '../launchd/index.js';
import type { Handle } from '../native/index.js';
import type { Job } from './job.js';

/** Keeps the three indexes together. */
export class JobTable {
  readonly #byTarget = new Map<ServiceTarget, Job>();
  readonly #byDescriptor = new Map<number, Job>();
  readonly #byProcess = new Map<Handle, Job>();

  /** A copy: jobs may leave while it is walked. */
  get all(): readonly Job[] {
    return [...this.#byTarget.values()];
  }

  get(target: ServiceTarget): Job | undefined {
    return this.#byTarget.get(target);
  }

  byDescriptor(descriptor: number): Job | undefined {
    return this.#byDescriptor.get(descriptor);
  }

  add(job: Job): void {
    this.#byTarget.set(job.inputs.target, job);
    for (const { descriptor } of job.inputs.endpoints) this.#byDescriptor.set(descriptor, job);
  }

  remove(job: Job): void {
    this.#byTarget.delete(job.inputs.target);
    for (const { descriptor } of job.inputs.endpoints) this.#byDescriptor.delete(descriptor);
  }

  addProcess(process: Handle, job: Job): void {
    this.#byProcess.set(process, job);
  }

  /** The job whose process it was; the process is then forgotten. */
  takeProcess(process: Handle): Job | undefined {
    const job = this.#byProcess.get(process);
    this.#byProcess.delete(process);
    return job;
  }
}
