/** Layers that want out of their root, by every way there is. */
import type { ImageEntry } from './oci-image.js';

/** Entries in order. */
export type Entries = readonly (readonly [string, ImageEntry | string])[];

/** What must come of each layer: `tree` below the root, or without one a refusal. `OUT` stands for the absolute path of a tree beside the root. */
export const HOSTILE_LAYERS: readonly {
  readonly name: string;
  readonly layers: readonly Entries[];
  readonly tree?: object;
}[] = [
  { name: '.. in a name', layers: [[['../out/etc/passwd', 'x']]] },
  { name: '.. behind a directory', layers: [[['a/../../out/etc/passwd', 'x']]] },
  { name: '.. at the end', layers: [[['a/..', { type: 'Directory' }]]] },
  { name: '.. alone', layers: [[['..', { type: 'Directory', mode: 0o777 }]]] },
  {
    name: "an absolute name, which is the root's",
    layers: [[['/etc/passwd', 'x']]],
    tree: { etc: 'dir', 'etc/passwd': 'x' },
  },
  {
    name: 'a name of many slashes and dots',
    layers: [[['//.//./etc///passwd', 'x']]],
    tree: { etc: 'dir', 'etc/passwd': 'x' },
  },
  {
    name: 'a file through a link out, absolute',
    layers: [
      [
        ['l', { target: 'OUT' }],
        ['l/etc/passwd', 'x'],
      ],
    ],
  },
  {
    name: 'a file through a link out, relative: it cannot go above the root',
    layers: [
      [
        ['l', { target: '../../../../../..' }],
        ['l/f', 'x'],
      ],
    ],
    tree: { f: 'x', l: '-> ../../../../../..' },
  },
  {
    name: 'a file through a link of an earlier layer',
    layers: [[['l', { target: '../out' }]], [['l/etc/passwd', 'x']]],
    tree: { l: '-> ../out', out: 'dir', 'out/etc': 'dir', 'out/etc/passwd': 'x' },
  },
  {
    name: 'a file through a chain of links',
    layers: [
      [
        ['a', { target: '..' }],
        ['b', { target: 'a/out' }],
        ['c', { target: 'b/etc' }],
        ['c/passwd', 'x'],
      ],
    ],
  },
  {
    name: 'a file in place of a link to a file outside',
    layers: [
      [
        ['l', { target: '../out/etc/passwd' }],
        ['l', 'x'],
      ],
    ],
    tree: { l: 'x' },
  },
  {
    name: 'a directory in place of a link to a directory outside',
    layers: [
      [
        ['l', { target: '../out/etc' }],
        ['l/', { mode: 0o777 }],
        ['l/new', 'x'],
      ],
    ],
    tree: { l: 'dir', 'l/new': 'x' },
  },
  {
    name: 'a hard link to a file outside, upwards',
    layers: [[['h', { type: 'Link', target: '../out/etc/passwd' }]]],
  },
  {
    name: 'a hard link to a file outside, absolute',
    layers: [
      [
        ['h', { type: 'Link', target: 'OUT/etc/passwd' }],
        ['h', 'x'],
      ],
    ],
  },
  {
    name: 'a hard link through a symbolic link out',
    layers: [
      [
        ['l', { target: '../out' }],
        ['h', { type: 'Link', target: 'l/etc/passwd' }],
      ],
    ],
  },
  {
    name: 'a hard link to a symbolic link, then written through',
    layers: [
      [
        ['l', { target: '../out/etc/passwd' }],
        ['h', { type: 'Link', target: 'l' }],
        ['h', 'x'],
      ],
    ],
    tree: { h: 'x', l: '-> ../out/etc/passwd' },
  },
  {
    name: 'a hard link to a symbolic link stays one',
    layers: [
      [
        ['l', { target: '../out/etc/passwd' }],
        ['h', { type: 'Link', target: 'l' }],
      ],
    ],
    tree: { h: '-> ../out/etc/passwd', l: '-> ../out/etc/passwd' },
  },
  {
    name: 'a hard link to a directory',
    layers: [
      [
        ['d/', {}],
        ['h', { type: 'Link', target: 'd' }],
      ],
    ],
  },
  { name: 'a hard link to the root', layers: [[['h', { type: 'Link', target: '.' }]]] },
  { name: 'a hard link to nothing', layers: [[['h', { type: 'Link', target: 'nothing' }]]] },
  {
    name: 'a hard link that replaces what it is in',
    layers: [
      [
        ['d/f', 'x'],
        ['d', { type: 'Link', target: 'd/f' }],
      ],
    ],
  },
  {
    name: 'a whiteout through a link out',
    layers: [[['l', { target: '../out/etc' }]], [['l/.wh.passwd', '']]],
    tree: { l: '-> ../out/etc' },
  },
  {
    name: 'an opaque mark through a link out',
    layers: [[['l', { target: 'OUT' }]], [['l/.wh..wh..opq', '']]],
    tree: { l: '-> OUT' },
  },
  { name: 'a whiteout of the parent', layers: [[['d/', {}]], [['d/.wh...', '']]] },
  { name: 'a whiteout of itself', layers: [[['d/', {}]], [['d/.wh..', '']]] },
  { name: 'a whiteout of nothing', layers: [[['.wh.', '']]] },
  { name: 'something in a whiteout', layers: [[['.wh.d/f', 'x']]] },
  {
    name: 'the root as a link',
    layers: [
      [
        ['./', { type: 'SymbolicLink', target: '../out' }],
        ['etc/passwd', 'x'],
      ],
    ],
  },
  { name: 'the root as a file', layers: [[['.', { type: 'File', content: 'x' }]]] },
  {
    name: 'links in a circle',
    layers: [
      [
        ['a', { target: 'b' }],
        ['b', { target: 'a' }],
        ['a/f', 'x'],
      ],
    ],
  },
  {
    name: 'a link to itself',
    layers: [
      [
        ['a', { target: 'a/a' }],
        ['a/f', 'x'],
      ],
    ],
  },
  {
    name: 'a file in a file',
    layers: [
      [
        ['a', 'x'],
        ['a/b', 'x'],
      ],
    ],
  },
  {
    name: 'a directory that becomes a link before its mode is set',
    layers: [
      [
        ['d/etc/', { mode: 0o777 }],
        ['d/etc/sub/', { mode: 0o777 }],
      ],
      [['d', { target: '../out' }]],
    ],
    tree: { d: '-> ../out' },
  },
  {
    name: 'a directory that goes and comes back as a link, in one layer',
    layers: [
      [
        ['d/sub/', {}],
        ['d', { target: '../out/etc' }],
        ['d/sub/f', 'x'],
      ],
    ],
    tree: { d: '-> ../out/etc', out: 'dir', 'out/etc': 'dir', 'out/etc/sub': 'dir', 'out/etc/sub/f': 'x' },
  },
  { name: 'a name of 256 bytes', layers: [[['x'.repeat(256), '']]] },
];
