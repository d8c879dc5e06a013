/** The JSON in which upstream's API server describes a plugin: paths as file URLs, and no name. */
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';

const service = z.object({
  type: z.enum(['runtime', 'network', 'core', 'auxiliary']),
  description: z.string().optional(),
});

const config = z.object({
  abstract: z.string(),
  author: z.string().optional(),
  servicesConfig: z
    .object({
      loadAtBoot: z.boolean(),
      runAtLoad: z.boolean(),
      services: z.array(service),
      defaultArguments: z.array(z.string()),
    })
    .optional(),
});

/** Schema of the wire form (apple/container, `Plugin`). Unknown keys are ignored, as Codable does. */
export const pluginJson = z.object({
  binaryURL: z.string().refine(isFileUrl, 'not a file URL of this host'),
  resourceURL: z.string().refine(isFileUrl, 'not a file URL of this host').optional(),
  config,
});

/** A plugin in its wire form. */
export type PluginJson = z.infer<typeof pluginJson>;

/** A plugin as a client sees it. */
export interface RemotePlugin {
  /** The last component of the binary's path: the wire form has no name of its own. */
  readonly name: string;
  readonly binaryPath: string;
  readonly resourcesPath?: string;
  readonly config: PluginJson['config'];
}

/** Reads the wire form. */
export function fromPluginJson(json: PluginJson): RemotePlugin {
  const binaryPath = fileURLToPath(json.binaryURL);
  return {
    name: basename(binaryPath),
    binaryPath,
    ...(json.resourceURL === undefined ? {} : { resourcesPath: fileURLToPath(json.resourceURL) }),
    config: json.config,
  };
}

function isFileUrl(text: string): boolean {
  try {
    fileURLToPath(text);
    return true;
  } catch {
    return false;
  }
}
