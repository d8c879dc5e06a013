/** The API server's name, and the one route about plugins that is not upstream's. */
import { jobStatusJson } from '../launchd/index.js';
import { API_SERVER_NAME, DEFAULT_PREFIX } from '../plugin/index.js';
import { defineRoute, x } from '../routes/index.js';

/** Mach service of the API server under a prefix. */
export function apiServerName(prefix: string = DEFAULT_PREFIX): string {
  return prefix + API_SERVER_NAME;
}

/** The job of a loaded plugin, as launchd sees it; absent for a command, or when launchd lost it. */
export const pluginStatus = defineRoute('pluginStatus', {
  request: { pluginName: x.string() },
  reply: { status: x.json(jobStatusJson).optional() },
});
