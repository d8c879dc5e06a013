/** Prints the C++ files of a folder, for binding.gyp: `node native/build/sources.mjs native/addon`. */
import { readdirSync } from 'node:fs';

const [folder] = process.argv.slice(2);
for (const name of readdirSync(folder).sort()) {
  if (name.endsWith('.cc')) console.log(`${folder}/${name}`);
}
