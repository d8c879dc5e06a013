/** Names of images, and platforms. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatPlatform,
  formatReference,
  hostPlatform,
  isPath,
  parsePlatform,
  parseReference,
} from '../../src/oci/index.js';
import { servesPlatform } from '../../src/oci/platform.js';
import { nameToKeep } from '../../src/oci/reference.js';
import { namesFor } from '../../src/oci/source/naming.js';
import { thrownBy } from '../helpers/thrown.js';

const DIGEST = `sha256:${'a'.repeat(64)}`;

describe('names', () => {
  it.each([
    ['alpine', 'alpine:latest'],
    ['alpine:3.20', 'alpine:3.20'],
    ['library/alpine', 'alpine:latest'],
    ['docker.io/alpine', 'alpine:latest'],
    ['docker.io/library/alpine:3', 'alpine:3'],
    ['index.docker.io/library/alpine', 'alpine:latest'],
    ['user/app', 'user/app:latest'],
    ['docker.io/user/app', 'user/app:latest'],
    ['library/a/b', 'library/a/b:latest'],
    ['ghcr.io/a/b:V1', 'ghcr.io/a/b:V1'],
    ['localhost/app', 'localhost/app:latest'],
    ['localhost:5000/app', 'localhost:5000/app:latest'],
    ['[::1]:5000/app:x', '[::1]:5000/app:x'],
    ['f/a__b.c-d---e', 'f/a__b.c-d---e:latest'],
    [`alpine@${DIGEST}`, `alpine@${DIGEST}`],
    [`alpine:3@${DIGEST}`, `alpine:3@${DIGEST}`],
  ])('%s is %s', (text, full) => {
    expect(formatReference(parseReference(text))).toBe(full);
    expect(formatReference(parseReference(full))).toBe(full);
  });

  it.each([
    '',
    ':',
    'a:',
    ':b',
    'A',
    'Alpine',
    'a b',
    'a/',
    '/a',
    'a//b',
    '../a',
    'a/../b',
    '.',
    '-a',
    'a-',
    'a..b',
    'a___b',
    'a:b:c',
    'a:b/c',
    'a:-x',
    `a:${'x'.repeat(129)}`,
    'a@',
    'a@sha256:12',
    `a@${DIGEST}@${DIGEST}`,
    `${'a'.repeat(256)}`,
    'host.:80/a',
    'a\n',
    'a\0',
    '\u202ea',
  ])('%j is none', (text) => {
    expect(thrownBy(() => parseReference(text)).code).toBe('ERR_USAGE');
  });

  it('whatever is typed is a name with one full spelling, or wrong usage', () => {
    const piece = fc.constantFrom(
      'a',
      'b1',
      '.',
      ':',
      '/',
      '@',
      '-',
      '_',
      'A',
      '..',
      'docker.io',
      DIGEST,
      ' ',
      '\0',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const text = pieces.join('');
        let full: string;
        try {
          full = formatReference(parseReference(text));
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_USAGE' });
          return;
        }
        expect(formatReference(parseReference(full))).toBe(full);
        expect(isPath(full)).toBe(false);
      }),
    );
  });

  it('a name to keep an image under has no digest', () => {
    expect(nameToKeep('docker.io/alpine')).toBe('alpine:latest');
    expect(thrownBy(() => nameToKeep(`alpine@${DIGEST}`)).code).toBe('ERR_USAGE');
  });

  it('an image that has no name gets that of its file', () => {
    expect(namesFor('/x/App.tar.gz', [])).toEqual(['app:latest']);
    expect(namesFor('/x/app', ['1.0'])).toEqual(['app:1.0']);
    expect(namesFor('/x/app.tgz', ['docker.io/library/b:1', 'v1'])).toEqual(['b:1']);
    expect(namesFor('/x/app.tar', ['a:1', 'a:2', 'a:1'])).toEqual(['a:1', 'a:2']);
    expect(thrownBy(() => namesFor('/x/with space.tar', []))).toMatchObject({
      code: 'ERR_USAGE',
      hint: 'Give it a name with --name.',
    });
  });
});

describe('platforms', () => {
  it('are read and written', () => {
    expect(formatPlatform(parsePlatform('linux/arm64/v8'))).toBe('linux/arm64/v8');
    expect(parsePlatform('linux/amd64')).toEqual({ os: 'linux', architecture: 'amd64' });
    expect(hostPlatform().os).toBe('linux');
    for (const text of ['', 'linux', 'linux/', '/amd64', 'linux/a/b/c', 'Linux/amd64', 'linux/a b'])
      expect(thrownBy(() => parsePlatform(text)).code, text).toBe('ERR_USAGE');
  });

  it('a variant counts where both name one, and arm64 is v8', () => {
    const serves = (offered: string, wanted: string) =>
      servesPlatform(parsePlatform(offered), parsePlatform(wanted));
    expect(serves('linux/amd64', 'linux/amd64')).toBe(true);
    expect(serves('linux/amd64', 'linux/arm64')).toBe(false);
    expect(serves('linux/arm64/v8', 'linux/arm64')).toBe(true);
    expect(serves('linux/arm64', 'linux/arm64/v8')).toBe(true);
    expect(serves('linux/arm64/v9', 'linux/arm64')).toBe(false);
    expect(serves('linux/arm/v6', 'linux/arm/v7')).toBe(false);
    expect(serves('linux/arm/v6', 'linux/arm')).toBe(true);
  });
});
