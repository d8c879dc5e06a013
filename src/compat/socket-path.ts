/** Paths of published sockets: plain text today, file URLs in what older versions wrote. */
import { fileURLToPath } from 'node:url';
import * as z from 'zod';

/** An absolute path. A file URL without a host, or of localhost, is read too. */
export const socketPath = z.codec(z.string(), z.string(), {
  decode: (text, context) => {
    const path = text.startsWith('file:') ? pathOf(text) : text;
    if (path?.startsWith('/')) return path;
    context.issues.push({ code: 'custom', message: 'not an absolute path', input: text });
    return z.NEVER;
  },
  encode: (path, context) => {
    if (path.startsWith('/')) return path;
    context.issues.push({ code: 'custom', message: 'not an absolute path', input: path });
    return z.NEVER;
  },
});

function pathOf(url: string): string | undefined {
  try {
    return fileURLToPath(url.replace(/^file:\/\/localhost\//, 'file:///'));
  } catch {
    return undefined;
  }
}
