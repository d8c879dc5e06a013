/** What a check is, and how it ends. */
import type { Plugin, ServiceType } from '../plugin/index.js';
import type { Subject } from './subject.js';

/** `required`: without it a host cannot use the plugin, or is harmed. `recommended`: users or other plugins suffer. */
export type Severity = 'required' | 'recommended';

/** What makes a check known. */
export interface CheckInfo {
  /** Stable; what `--only` takes. */
  readonly id: string;
  /** What must be true, in the present tense. */
  readonly title: string;
  readonly severity: Severity;
}

/** A check of a job. Throws a `CheckFailure` or a `CheckSkip`; what it returns is shown beside the pass. */
export interface JobCheck extends CheckInfo {
  /** Only for jobs with a service of this type. */
  readonly type?: ServiceType;
  /** Default `service`: skipped for a job that did not check in. `answer`: also when nothing it was asked was answered. */
  readonly needs?: 'nothing' | 'service' | 'answer';
  run(subject: Subject): Promise<string | undefined>;
}

/** A check of a CLI plugin. */
export interface CommandCheck extends CheckInfo {
  run(
    plugin: Plugin,
    bounds: { readonly timeout: number; readonly signal?: AbortSignal },
  ): Promise<string | undefined>;
}
