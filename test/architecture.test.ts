/** The shape of the house: who may import whom, no cycles, no file too long to read. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
const SRC = join(ROOT, 'src');

/** What each layer may import: layers below it, and packages. `node:` modules are free to all. */
const RULES: Readonly<
  Record<string, { readonly layers: readonly string[]; readonly packages: readonly string[] }>
> = {
  base: { layers: [], packages: [] },
  native: { layers: ['base'], packages: [] },
  xpc: { layers: ['native', 'base'], packages: [] },
  launchd: { layers: ['base'], packages: ['zod'] },
  routes: { layers: ['xpc', 'native', 'base'], packages: ['zod'] },
  supervisor: { layers: ['routes', 'xpc', 'launchd', 'native', 'base'], packages: ['zod'] },
  systemd: { layers: ['launchd', 'native', 'base'], packages: [] },
  plugin: { layers: ['launchd', 'base'], packages: ['zod', 'smol-toml'] },
  compat: { layers: ['routes', 'xpc', 'base'], packages: ['zod', 'ipaddr.js'] },
  oci: { layers: ['base'], packages: ['zod', 'tar'] },
  harness: {
    layers: ['compat', 'plugin', 'supervisor', 'routes', 'launchd', 'xpc', 'native', 'base'],
    packages: ['zod'],
  },
  apiserver: {
    layers: [
      'harness',
      'oci',
      'compat',
      'plugin',
      'supervisor',
      'routes',
      'launchd',
      'xpc',
      'native',
      'base',
    ],
    packages: ['zod'],
  },
  sdk: { layers: ['harness', 'compat', 'plugin', 'routes', 'xpc', 'native', 'base'], packages: ['zod'] },
  // Programs of their own: nothing imports them.
  plugins: {
    layers: ['sdk', 'compat', 'routes', 'xpc', 'native', 'base'],
    packages: ['zod', 'ipaddr.js', 'dns-packet'],
  },
  verify: {
    layers: ['harness', 'compat', 'plugin', 'supervisor', 'routes', 'launchd', 'xpc', 'native', 'base'],
    packages: ['zod'],
  },
  bench: {
    layers: ['sdk', 'harness', 'plugin', 'supervisor', 'routes', 'launchd', 'xpc', 'native', 'base'],
    // Only the script of the report's page, which is put together when the package is built.
    packages: ['uplot'],
  },
  cli: {
    // native: only `doctor`, which looks at the addon itself.
    layers: [
      'bench',
      'verify',
      'sdk',
      'apiserver',
      'harness',
      'oci',
      'compat',
      'plugin',
      'systemd',
      'supervisor',
      'routes',
      'launchd',
      'xpc',
      'native',
      'base',
    ],
    packages: ['commander', 'zod'],
  },
};

/** Longest file in lines, by folder and ending. */
const MAX_LINES = { ts: 300, native: 350 } as const;

interface Import {
  readonly from: string;
  readonly specifier: string;
}

function filesUnder(directory: string, pattern: RegExp): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter(
      (entry) => entry.isFile() && pattern.test(entry.name) && !entry.parentPath.includes('node_modules'),
    )
    .map((entry) => join(entry.parentPath, entry.name));
}

function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8')
    .replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
    // Imports in text are those of files that are yet to be written.
    .replaceAll(/`(?:\\[\s\S]|[^`\\])*`/g, '');
  const pattern =
    /(?:^|[\s;])(?:import|export)\s(?:[^'";]*?\sfrom\s)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/g;
  return [...text.matchAll(pattern)].map((match) => ({
    from: file,
    specifier: (match[1] ?? match[2]) as string,
  }));
}

/** Those that are there when the program runs, as soon as the module is loaded. */
function valueImportsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8').replaceAll(/`(?:\\[\s\S]|[^`\\])*`/g, '');
  const statements = text.matchAll(
    /^(?:import|export)\s+(?!type\s)(?:([^'";]*?)\sfrom\s+)?['"]([^'"]+)['"]/gm,
  );
  const isTypesOnly = (names = '') =>
    /^\{[\s\S]*\}$/.test(names) &&
    names
      .slice(1, -1)
      .split(',')
      .every((item) => item.trim() === '' || item.trim().startsWith('type '));
  return [...statements]
    .filter(([, names]) => !isTypesOnly(names))
    .map(([, , specifier]) => ({ from: file, specifier: specifier as string }));
}

const sources = filesUnder(SRC, /\.ts$/);
const imports = sources.flatMap(importsOf);
const name = (file: string) => relative(ROOT, file);
const layerOf = (file: string) => relative(SRC, file).split(sep)[0] as string;
const targetOf = ({ from, specifier }: Import) => resolve(dirname(from), specifier.replace(/\.js$/, '.ts'));
const isRelative = ({ specifier }: Import) => specifier.startsWith('.');

describe('layers', () => {
  it('every folder of src is a layer with a rule', () => {
    const folders = readdirSync(SRC, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.map((folder) => folder.name).sort()).toEqual(Object.keys(RULES).sort());
  });

  it('import strictly downward, and other layers through their index or a folder of their own', () => {
    const violations = imports.filter(isRelative).flatMap((edge) => {
      const from = layerOf(edge.from);
      const to = layerOf(targetOf(edge));
      if (from === to || from === 'index.ts') return [];
      const text = `${name(edge.from)} imports ${edge.specifier}`;
      if (!RULES[from]?.layers.includes(to)) return [`${text}: ${from} must not use ${to}`];
      return /\/index\.js$/.test(edge.specifier) ? [] : [`${text}: go through ${to}/index.js`];
    });
    expect(violations).toEqual([]);
  });

  it('use only the packages they are allowed', () => {
    const violations = imports
      .filter((edge) => !isRelative(edge) && !edge.specifier.startsWith('node:'))
      .filter(
        (edge) =>
          !RULES[layerOf(edge.from)]?.packages.some((allowed) => edge.specifier.split('/')[0] === allowed),
      )
      .map((edge) => `${name(edge.from)} imports ${edge.specifier}`);
    expect(violations).toEqual([]);
  });

  it('only src/native loads an addon', () => {
    const violations = sources
      .filter(
        (file) =>
          layerOf(file) !== 'native' && /createRequire|process\.dlopen/.test(readFileSync(file, 'utf8')),
      )
      .map(name);
    expect(violations).toEqual([]);
  });
});

it('no import cycles', () => {
  const graph = new Map<string, string[]>(sources.map((file) => [file, []]));
  for (const edge of imports.filter(isRelative)) graph.get(edge.from)?.push(targetOf(edge));
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, path: readonly string[]) => {
    const start = path.indexOf(file);
    if (start >= 0) cycles.push([...path.slice(start), file].map(name).join(' -> '));
    if (start >= 0 || done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of sources) visit(file, []);
  expect(cycles).toEqual([]);
});

/** The modules and packages that are loaded with a module. */
function loadedWith(entry: string): {
  readonly modules: readonly string[];
  readonly packages: readonly string[];
} {
  const modules = new Set<string>();
  const packages: string[] = [];
  const visit = (file: string) => {
    if (modules.has(file)) return;
    modules.add(file);
    for (const edge of valueImportsOf(file)) {
      if (isRelative(edge)) visit(targetOf(edge));
      else if (!edge.specifier.startsWith('node:')) packages.push(`${name(file)} imports ${edge.specifier}`);
    }
  };
  visit(join(SRC, entry));
  return { modules: [...modules], packages };
}

it('the SDK loads no package: a plugin that is started on demand should not wait', () => {
  const { modules, packages } = loadedWith('sdk/index.ts');
  expect(modules.length).toBeGreaterThan(50);
  expect(packages).toEqual([]);
});

it('a command line is looked up without loading what speaks to servers', () => {
  const { modules } = loadedWith('cli/cli-plugins/dispatch.ts');
  const layers = new Set(modules.map(layerOf));
  expect([...layers].sort()).toEqual(['base', 'cli', 'launchd', 'plugin']);
});

it('the command table loads nothing of the benchmark', () => {
  const { modules } = loadedWith('cli/program.ts');
  expect(modules.map(name)).toContain(join('src', 'cli', 'bench-commands.ts'));
  expect(modules.map(layerOf)).not.toContain('bench');
});

it('no file is too long to read', () => {
  const lineCount = (file: string) => readFileSync(file, 'utf8').split('\n').length - 1;
  const limits = [
    ...[SRC, join(ROOT, 'test')].flatMap((folder) =>
      filesUnder(folder, /\.(ts|mjs)$/).map((file) => [file, MAX_LINES.ts] as const),
    ),
    ...filesUnder(join(ROOT, 'native'), /\.(cc|h|mm|mjs)$/).map((file) => [file, MAX_LINES.native] as const),
  ];
  expect(limits.length).toBeGreaterThan(50);
  const tooLong = limits
    .filter(([file, limit]) => lineCount(file) > limit)
    .map(([file]) => `${name(file)}: ${lineCount(file)}`);
  expect(tooLong).toEqual([]);
});

it('modules say their job first', () => {
  const violations = sources
    .filter(
      (file) =>
        !readFileSync(file, 'utf8')
          .replace(/^#!.*\n/, '')
          .startsWith('/**'),
    )
    .map(name);
  expect(violations).toEqual([]);
});
