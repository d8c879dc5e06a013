/** The environment of a plugin's job: a filtered copy of the host's, plus the roots. */
import { DEFAULT_PREFIX } from './naming.js';
import { CONFIGURATION_VARIABLE } from './plugin-settings.js';
import type { Roots } from './roots.js';

/** Variables of this prefix are passed on. Case-sensitive. */
const PREFIX = 'CONTAINER_';

/** Variables passed on besides those of the prefix `CONTAINER_`, unless a caller names its own list. */
export const PASSED_VARIABLES: readonly string[] = [
  'http_proxy',
  'HTTP_PROXY',
  'https_proxy',
  'HTTPS_PROXY',
  'no_proxy',
  'NO_PROXY',
];

/**
 * What a job may see of the host's environment: `CONTAINER_*` and the variables in `allow`, values untouched, keys
 * sorted so that equal environments give equal plists.
 */
export function filterEnvironment(
  environment: NodeJS.ProcessEnv,
  allow: readonly string[] = PASSED_VARIABLES,
): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const key of Object.keys(environment).sort()) {
    const value = environment[key];
    if (value !== undefined && (key.startsWith(PREFIX) || allow.includes(key))) passed[key] = value;
  }
  return passed;
}

/** The whole environment of a job. The roots in use win over what the filter let through. */
export function jobEnvironment(
  environment: NodeJS.ProcessEnv,
  roots: Pick<Roots, 'app' | 'install' | 'log'>,
  allow?: readonly string[],
): Record<string, string> {
  return filterEnvironment(
    {
      ...filterEnvironment(environment, allow),
      CONTAINER_APP_ROOT: roots.app,
      CONTAINER_INSTALL_ROOT: roots.install,
      ...(roots.log === undefined ? {} : { CONTAINER_LOG_ROOT: roots.log }),
    },
    allow,
  );
}

/** Where a plugin learns what Mach services of its host begin with, when that is not `com.apple.container.`. */
export const PREFIX_VARIABLE = 'CONTAINER_SERVICE_PREFIX';

/** The environment with the prefix of this host, and never with that of a host above it. */
export function withPrefix(
  environment: Readonly<Record<string, string>>,
  prefix: string,
): Record<string, string> {
  const { [PREFIX_VARIABLE]: _, ...rest } = environment;
  return prefix === DEFAULT_PREFIX ? rest : { ...rest, [PREFIX_VARIABLE]: prefix };
}

/** The environment with the plugin's own settings, and never with those of another that the host itself was given. */
export function withConfiguration(
  environment: Readonly<Record<string, string>>,
  configuration: string | undefined,
): Record<string, string> {
  const { [CONFIGURATION_VARIABLE]: _, ...rest } = environment;
  return configuration === undefined ? rest : { ...rest, [CONFIGURATION_VARIABLE]: configuration };
}
