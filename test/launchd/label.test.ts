import { describe, expect, it } from 'vitest';
import { assertLabel, MAX_LABEL_BYTES } from '../../src/launchd/index.js';
import { thrownBy } from '../helpers/thrown.js';

describe('assertLabel', () => {
  it.each([
    'a',
    'com.apple.container.container-runtime-linux.web-1',
    'homebrew.mxcl.postgresql@14',
    'x'.repeat(MAX_LABEL_BYTES),
  ])('accepts %s', (label) => {
    expect(() => assertLabel(label)).not.toThrow();
  });

  it.each([
    '',
    '.',
    '..',
    '.hidden',
    '-k',
    'a/b',
    'a b',
    'a\0b',
    'a\n',
    'é',
    'x'.repeat(MAX_LABEL_BYTES + 1),
  ])('refuses %j', (label) => {
    const error = thrownBy(() => assertLabel(label));
    expect(error.code).toBe('ERR_LAUNCHD_LABEL');
    expect(error.details).toEqual({ label });
  });
});
