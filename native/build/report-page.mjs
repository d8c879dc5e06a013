// Puts the script and the style of the benchmark's report together, for browsers: src/bench/report/page with uPlot
// becomes dist/bench/report/page.js and page.css, which the report carries inside.
//   node native/build/report-page.mjs
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const licence = readFileSync(join(root, 'node_modules/uplot/LICENSE'), 'utf8').trim();
const notice = `/*! With uPlot (github.com/leeoniya/uPlot):\n\n${licence}\n*/`;

await build({
  entryPoints: [
    { in: join(root, 'src/bench/report/page/main.ts'), out: 'page' },
    { in: join(root, 'src/bench/report/page/page.css'), out: 'page' },
  ],
  outdir: join(root, 'dist/bench/report'),
  bundle: true,
  platform: 'browser',
  format: 'iife',
  target: 'es2022',
  minify: true,
  charset: 'utf8',
  legalComments: 'none',
  banner: { js: notice, css: notice },
  logLevel: 'warning',
  tsconfigRaw: { compilerOptions: { target: 'es2022' } },
});
