/** What discovery has to say about a path without failing: broken bundles, shadowed names, ignored keys. */
import { type ErrorCode, type LaunchportError, type Logger, silentLogger } from '../base/index.js';

/** `error`: this bundle or directory is not used. `warning`: used, but look at it. `debug`: harmless. */
export type DiagnosticSeverity = 'debug' | 'warning' | 'error';

/** An error code, or the name of a remark that is no error. */
export type DiagnosticCode =
  | ErrorCode
  | 'shadowed'
  | 'no-config'
  | 'legacy-config'
  | 'name-mismatch'
  | 'unknown-key'
  | 'insecure';

/** One remark about one path. */
export interface PluginDiagnostic {
  readonly severity: DiagnosticSeverity;
  readonly code: DiagnosticCode;
  readonly path: string;
  /** Name of the plugin, when it is known. */
  readonly name?: string;
  readonly message: string;
  /** What to do about it, one sentence. */
  readonly hint?: string;
}

/** A diagnostic of severity `error` from a failure. */
export function diagnosticFor(error: LaunchportError, path: string, name?: string): PluginDiagnostic {
  return {
    severity: 'error',
    code: error.code,
    path,
    ...(name === undefined ? {} : { name }),
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  };
}

/** Writes diagnostics to a logger, each at the level of its severity. */
export function logDiagnostics(
  diagnostics: readonly PluginDiagnostic[],
  logger: Logger = silentLogger,
): void {
  for (const { severity, message, ...fields } of diagnostics) {
    logger[severity === 'warning' ? 'warn' : severity](message, fields);
  }
}
