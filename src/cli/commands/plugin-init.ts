/** `launchport plugin init NAME`: writes a plugin that works, with a test. */
import { lstat, mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { errorText, LaunchportError, printable } from '../../base/index.js';
import { assertPluginName, launchdLabel } from '../../plugin/index.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { writeJson } from '../output/json.js';
import { templateFiles } from '../plugin-init/files.js';
import type { TemplateLanguage, TemplateType } from '../plugin-init/template.js';
import { packageVersion } from '../version.js';

/** Options of `plugin init`. */
export interface PluginInitOptions extends GlobalOptions {
  readonly type: TemplateType;
  readonly language: TemplateLanguage;
  /** The bundle is made here; default the working directory. */
  readonly directory?: string;
  /** Writes into a directory that has files, over those of the same names. */
  readonly force?: boolean;
}

/**
 * Writes the bundle and tells its files.
 * @throws LaunchportError ERR_PLUGIN_NAME, ERR_LAUNCHD_LABEL; ERR_USAGE when the directory is not empty;
 *   ERR_PLUGIN_DIRECTORY when it cannot be written
 */
export async function pluginInit(
  context: CliContext,
  name: string,
  options: PluginInitOptions,
): Promise<void> {
  assertName(name, options.type);
  const { type, language } = options;
  const bundle = join(resolve(context.cwd, options.directory ?? '.'), name);
  if (options.force !== true) await assertFree(bundle);
  const files = templateFiles({ name, type, language, version: packageVersion() });
  try {
    for (const { path, content, isExecutable } of files) {
      const target = join(bundle, path);
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, content, { mode: isExecutable ? 0o755 : 0o644 });
    }
  } catch (error) {
    throw new LaunchportError('ERR_PLUGIN_DIRECTORY', `${bundle}: cannot be written: ${errorText(error)}`, {
      hint: 'Choose another directory with --directory.',
      details: { path: bundle },
      cause: error,
    });
  }
  if (options.json) {
    writeJson(context, { name, type, language, bundle, files: files.map(({ path }) => path) });
    return;
  }
  for (const { path } of files) context.stdout.write(`${printable(join(bundle, path))}\n`);
  context.stdout.write(`\nNext: cd ${printable(bundle)} && npm install && npm test\n`);
}

function assertName(name: string, type: TemplateType): void {
  assertPluginName(name);
  if (type !== 'cli') launchdLabel(name);
  // Hidden entries are passed over, and words with a dash are options.
  if (!/^[.-]/.test(name) && !/[\p{Cc}"'\\$`]/u.test(name)) return;
  throw new LaunchportError('ERR_PLUGIN_NAME', `not a name for a new plugin: ${JSON.stringify(name)}`, {
    hint: 'Begin with a letter or digit, and use no quotes, backslashes or dollar signs.',
    details: { name },
  });
}

async function assertFree(bundle: string): Promise<void> {
  const status = await lstat(bundle).catch(() => undefined);
  if (status === undefined) return;
  const isEmpty = status.isDirectory() && (await readdir(bundle).catch(() => ['?'])).length === 0;
  if (isEmpty) return;
  throw new LaunchportError('ERR_USAGE', `${bundle}: there is something already`, {
    hint: 'Choose another name or --directory, or write over it with --force.',
    details: { path: bundle },
  });
}
