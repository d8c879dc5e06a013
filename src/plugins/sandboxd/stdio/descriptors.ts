/** Where pipes and terminals come from: the addon, or something else in tests. */

import { LaunchportError } from '../../../base/index.js';
import { type Binding, loadBinding, type PipePair, type TerminalPair } from '../../../native/index.js';

/** Makes descriptors, which belong to the caller. Each throws the system's error. */
export interface DescriptorSource {
  pipe(): PipePair;
  terminal(columns: number, rows: number): TerminalPair;
  resize(controller: number, columns: number, rows: number): void;
}

/**
 * Those of the addon.
 * @throws LaunchportError ERR_ADDON_NOT_FOUND, ERR_UNSUPPORTED for an addon that is too old
 */
export function addonDescriptors(binding: Binding = loadBinding()): DescriptorSource {
  const { openPipe, openTerminal, resizeTerminal } = binding;
  if (openPipe === undefined || openTerminal === undefined || resizeTerminal === undefined) {
    throw new LaunchportError('ERR_UNSUPPORTED', 'the addon opens no terminals', {
      hint: 'Build it anew with `npm rebuild launchport`.',
    });
  }
  return {
    pipe: () => openPipe(),
    terminal: (columns, rows) => openTerminal({ columns, rows }),
    resize: (controller, columns, rows) => resizeTerminal(controller, columns, rows),
  };
}
