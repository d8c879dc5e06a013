/** A control over a user manager in memory, with all its files in one directory. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Logger, silentLogger } from '../../src/base/index.js';
import {
  type DomainTarget,
  type JobDefinitionInput,
  type ServiceTarget,
  writeJobPlist,
} from '../../src/launchd/index.js';
import { SystemdControl } from '../../src/systemd/index.js';
import { type Answer, FakeSystemctl } from './fake-systemctl.js';

export const LABEL = 'com.example.job';
export const DOMAIN: DomainTarget = 'user/501';
export const TARGET: ServiceTarget = `${DOMAIN}/${LABEL}`;
export const SERVICE = `launchport.${LABEL}.service`;
export const SOCKET = `launchport.${LABEL}.socket`;

/** A control, the manager it talks to, and their files. */
export class Rig implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), 'lp-'));
  readonly units = join(this.root, 'data/systemd/user');
  readonly bootstrap = join(this.root, 'run/bootstrap');
  readonly socketTable = join(this.root, 'unix');
  readonly warnings: string[] = [];
  readonly fake: FakeSystemctl;
  readonly control: SystemdControl;

  constructor() {
    mkdirSync(this.units, { recursive: true });
    this.fake = new FakeSystemctl(this.units);
    this.control = this.another();
  }

  another(): SystemdControl {
    const logger: Logger = { ...silentLogger, warn: (message) => void this.warnings.push(message) };
    return new SystemdControl({
      runner: this.fake.runner,
      clock: this.fake.clock,
      environment: { HOME: this.root, XDG_DATA_HOME: join(this.root, 'data') },
      bootstrap: this.bootstrap,
      throttle: join(this.root, 'run/throttle'),
      socketTable: this.socketTable,
      uid: 501,
      logger,
    });
  }

  async plist(changes: Partial<JobDefinitionInput> = {}): Promise<string> {
    const path = join(this.root, `${changes.Label ?? LABEL}.plist`);
    const MachServices = { 'com.example.service': true } as const;
    await writeJobPlist(path, {
      Label: LABEL,
      ProgramArguments: ['/bin/echo', 'a'],
      MachServices,
      ...changes,
    });
    return path;
  }

  async load(changes: Partial<JobDefinitionInput> = {}): Promise<ServiceTarget> {
    return this.control.bootstrap(DOMAIN, await this.plist(changes));
  }

  get files(): string[] {
    return readdirSync(this.units).sort();
  }

  script(verb: string, ...answers: Answer[]): void {
    this.fake.scripted.set(verb, answers);
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
