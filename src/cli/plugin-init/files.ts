/** All files of a new plugin. */
import { cliSources } from './cli-sources.js';
import { coreSources } from './core-sources.js';
import { networkSources } from './network-sources.js';
import { runtimeSources } from './runtime-sources.js';
import { type PluginSources, type SourceKit, sourceKit, type TemplateFacts } from './template.js';

/** A file to write. */
export interface TemplateFile {
  /** Below the bundle. */
  readonly path: string;
  readonly content: string;
  readonly isExecutable: boolean;
}

/** The bundle `facts.name`, ready to be tested (TypeScript: built before). */
export function templateFiles(facts: TemplateFacts): readonly TemplateFile[] {
  const { name, language } = facts;
  const sources = sourcesOf(facts, sourceKit(facts));
  const ending = language === 'ts' ? 'ts' : 'mjs';
  const file = (path: string, content: string, isExecutable = false) => ({ path, content, isExecutable });
  return [
    file('config.toml', configFile(facts)),
    file(`bin/${name}`, startScript(facts), true),
    ...(sources.plugin === undefined ? [] : [file(`src/plugin.${ending}`, sources.plugin)]),
    file(`src/main.${ending}`, sources.main),
    file(`src/plugin.test.${ending}`, sources.test),
    file('package.json', packageFile(facts)),
    ...(language === 'ts'
      ? [file('tsconfig.json', compilerFile()), file('.gitignore', 'node_modules/\ndist/\n')]
      : [file('.gitignore', 'node_modules/\n')]),
    file('README.md', readme(facts, sources)),
  ];
}

function sourcesOf({ type }: TemplateFacts, kit: SourceKit): PluginSources {
  switch (type) {
    case 'runtime':
      return runtimeSources(kit);
    case 'network':
      return networkSources(kit);
    case 'cli':
      return cliSources(kit);
    default:
      return coreSources(kit, type);
  }
}

function configFile({ name, type }: TemplateFacts): string {
  const abstract = `abstract = ${JSON.stringify(`What ${name} is for, in one line`)}\n`;
  if (type === 'cli') return abstract;
  return `${abstract}
[servicesConfig]
# Whether hosts register it when they start. Runtimes and networks are registered for each container and network.
loadAtBoot = ${type === 'core' || type === 'auxiliary'}
# Whether it starts when it is registered, and not at its first message.
runAtLoad = false
# Last on its command line.
defaultArguments = []

[[servicesConfig.services]]
type = "${type}"
`;
}

function startScript({ language }: TemplateFacts): string {
  const main = language === 'ts' ? 'dist/main.js' : 'src/main.mjs';
  return `#!/bin/sh
# On macOS the PATH of launchd has no node outside of /usr/bin: write its full path then.
exec node "\${0%/*}/../${main}" "$@"
`;
}

function packageFile({ name, language, version, type }: TemplateFacts): string {
  const isTypeScript = language === 'ts';
  const dependencies = type === 'cli' ? {} : { dependencies: { launchport: `^${version}` } };
  const manifest = {
    // npm's own rules for names are narrower than ours.
    name:
      name
        .toLowerCase()
        .replaceAll(/[^a-z0-9-]+/g, '-')
        .replaceAll(/^-+|-+$/g, '') || 'plugin',
    version: '0.1.0',
    private: true,
    type: 'module',
    scripts: isTypeScript ? { build: 'tsc', test: 'tsc && node --test dist/' } : { test: 'node --test src/' },
    ...dependencies,
    ...(isTypeScript ? { devDependencies: { '@types/node': '^20.19.0', typescript: '>=5.5' } } : {}),
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

function compilerFile(): string {
  const compilerOptions = {
    target: 'es2022',
    module: 'nodenext',
    strict: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    types: ['node'],
    rootDir: 'src',
    outDir: 'dist',
  };
  return `${JSON.stringify({ compilerOptions, include: ['src'] }, null, 2)}\n`;
}

function readme({ name, type, language }: TemplateFacts, sources: PluginSources): string {
  const build = language === 'ts' ? 'npm install && npm run build' : 'npm install';
  const use =
    type === 'cli'
      ? `launchport --plugin-dir .. ${name} --help`
      : type === 'network'
        ? `launchport system run --plugin-dir ..              # in another terminal
launchport network create --plugin ${name} mine`
        : type === 'runtime'
          ? `launchport system run --plugin-dir ..              # in another terminal
launchport run --runtime ${name} IMAGE`
          : `launchport system run --plugin-dir ..              # in another terminal
launchport plugin call ${name} greet name=Ada`;
  const settings =
    type === 'core' || type === 'auxiliary'
      ? 'greeting = "Ahoy"'
      : type === 'network'
        ? 'subnet = "10.9.0.0/24"'
        : undefined;
  return `# ${name}

A ${type === 'cli' ? 'command' : `${type} plugin`} for launchport and apple/container. ${sources.readme}

\`\`\`sh
${build}
npm test
launchport plugin verify .
${use}
\`\`\`

To install it, put this directory into \`~/.local/libexec/container/plugin\`.
${
  settings === undefined
    ? ''
    : `
Users set it up in \`config/config.toml\` of the application root:

\`\`\`toml
[plugin.${/^[\w-]+$/.test(name) ? name : JSON.stringify(name)}]
${settings}
\`\`\`
`
}`;
}
