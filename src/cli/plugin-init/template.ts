/** What a new plugin is written from: files as text, in TypeScript or JavaScript from the same source. */
import type { ServiceType } from '../../plugin/index.js';

/** A service type, or a command. */
export type TemplateType = ServiceType | 'cli';

/** The language of a new plugin. */
export type TemplateLanguage = 'ts' | 'js';

/** What a template is filled with. */
export interface TemplateFacts {
  readonly name: string;
  readonly type: TemplateType;
  readonly language: TemplateLanguage;
  /** Of launchport. */
  readonly version: string;
}

/** Helpers for a source in either language. */
export interface SourceKit {
  /** The name as a JavaScript string. */
  readonly name: string;
  /** Text that only TypeScript has: a type, `as const`. */
  readonly ts: (text: string) => string;
  /** How a module beside this one is imported. */
  readonly module: (base: string) => string;
  /** From a module of the plugin to its bundle. */
  readonly bundle: string;
}

/** The sources of one kind of plugin. */
export interface PluginSources {
  readonly plugin?: string;
  readonly main: string;
  readonly test: string;
  /** What the README says of it, and how it is tried. */
  readonly readme: string;
}

/** Makes the helpers. */
export function sourceKit({ name, language }: TemplateFacts): SourceKit {
  return {
    // Single quotes, as the rest of the source; JSON escapes the others.
    name: `'${JSON.stringify(name).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`,
    ts: (text) => (language === 'ts' ? text : ''),
    module: (base) => `./${base}${language === 'ts' ? '.js' : '.mjs'}`,
    bundle: "fileURLToPath(new URL('..', import.meta.url))",
  };
}

/** The program of a daemon. */
export function daemonMain(kit: SourceKit): string {
  return `/** The program of the bundle: launchd starts it at the first message. */
import { serve } from 'launchport/sdk';
import { plugin } from '${kit.module('plugin')}';

await serve(plugin);
`;
}
