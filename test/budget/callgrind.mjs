/**
 * Reads what callgrind wrote: who executed how many instructions, made how many system calls, and called whom how often.
 * The format is of "Callgrind Format Specification" in valgrind's manual, names compressed.
 */

/**
 * @param {string} text one part of a profile, with the events Ir and sysCount
 * @returns {import('./callgrind.d.mts').Profile}
 */
export function parseProfile(text) {
  const objects = new Map();
  const functions = new Map();
  const profile = { self: [], calls: [] };
  let events = ['Ir'];
  let object = '';
  let name = '';
  // Of the call whose cost the next line tells.
  let callee = {};
  let count;
  for (const line of text.split('\n')) {
    const [key, value] = split(line);
    if (key === 'events:') events = value.split(' ');
    else if (key === 'ob=') object = named(objects, value);
    else if (key === 'fn=') name = named(functions, value);
    else if (key === 'cob=') callee.object = named(objects, value);
    else if (key === 'cfn=') callee.name = named(functions, value);
    else if (key === 'calls=') count = Number.parseInt(value, 10);
    else if (/^[\d+*-]/.test(line)) {
      const cost = costOf(line, events);
      if (count !== undefined) {
        profile.calls.push({ object, name, to: { object, name: '', ...callee }, count, ...cost });
        callee = {};
        count = undefined;
      } else profile.self.push({ object, name, ...cost });
    }
  }
  return profile;
}

/** `fn=(3) main` is `fn=` and `(3) main`; `events: Ir` is `events:` and `Ir`. */
function split(line) {
  const match = /^(events:|c?ob=|c?fn=|calls=)\s*(.*)$/.exec(line);
  return match === null ? ['', ''] : [match[1], match[2]];
}

/** A name in full the first time, `(3) main`, then by its number, `(3)`. */
function named(table, value) {
  const [, id, name] = /^\((\d+)\)(?: (.*))?$/.exec(value) ?? [];
  if (id === undefined) return value;
  if (name !== undefined) table.set(id, name);
  return table.get(id) ?? '';
}

/** Position, then one number for each event; zeros at the end are left out. */
function costOf(line, events) {
  const numbers = line.split(' ').slice(1).map(Number);
  const of = (event) => numbers[events.indexOf(event)] ?? 0;
  return { instructions: of('Ir'), systemCalls: of('sysCount') };
}

const ALLOCATORS = /^(operator new|malloc$|calloc$|realloc$|aligned_alloc$|posix_memalign$|mmap(64)?$)/;

/**
 * What the addon did, the libraries that it calls included, and what was done besides.
 *
 * @param {import('./callgrind.d.mts').Profile} profile
 * @returns {import('./callgrind.d.mts').Counts}
 */
export function countsOf({ self, calls }) {
  const sum = (items, key) => items.reduce((total, item) => total + item[key], 0);
  const outward = calls.filter(({ object, to }) => isAddon(object) && !isAddon(to.object));
  const toLibraries = outward.filter(({ to }) => !isNode(to.object));
  const own = self.filter(({ object }) => isAddon(object));
  const addonInstructions = sum(own, 'instructions') + sum(toLibraries, 'instructions');
  return {
    addonInstructions,
    otherInstructions: sum(self, 'instructions') - addonInstructions,
    systemCalls: sum(self, 'systemCalls'),
    crossings:
      sum(
        outward.filter(({ to }) => isNode(to.object)),
        'count',
      ) +
      sum(
        calls.filter(({ object, to }) => !isAddon(object) && isAddon(to.object)),
        'count',
      ),
    allocations: sum(
      toLibraries.filter(({ to }) => ALLOCATORS.test(to.name)),
      'count',
    ),
  };
}

/** The functions that execute most themselves, with their shares of all instructions. */
export function hottest({ self }, limit) {
  const totals = new Map();
  for (const { object, name, instructions } of self) {
    const key = `${name}  [${object.slice(object.lastIndexOf('/') + 1)}]`;
    totals.set(key, (totals.get(key) ?? 0) + instructions);
  }
  return [...totals].sort(([, a], [, b]) => b - a).slice(0, limit);
}

const isAddon = (object) => object.endsWith('/launchport.node');
const isNode = (object) => /\/node(js)?$/.test(object);
