/** Who is at the other end, as a record tells it, and why somebody was refused. */
import { CREDENTIALS_BYTES, type PeerCredentials, Refusal } from '../native/index.js';

const UNKNOWN_WORD = 0xffff_ffff;

/** Reads the credentials at `start`. */
export function readCredentials(view: DataView, start: number): PeerCredentials {
  const token = new Uint8Array(view.buffer, view.byteOffset + start + 16, CREDENTIALS_BYTES - 16).slice();
  const isKnown = new Uint32Array(token.buffer).some((word) => word !== UNKNOWN_WORD);
  return {
    pid: view.getInt32(start, true),
    euid: view.getInt32(start + 4, true),
    egid: view.getInt32(start + 8, true),
    asid: view.getInt32(start + 12, true),
    ...(isKnown ? { auditToken: token } : {}),
  };
}

const REFUSALS: Readonly<Record<number, string | undefined>> = {
  [Refusal.user]: 'it runs as another user',
  [Refusal.group]: 'it runs as another group',
  [Refusal.executable]: 'it is another program',
  [Refusal.code]: 'its code signature does not meet the requirement',
};

/** What a refused peer did not meet, for the log. */
export function refusalText(refusal: number): string {
  return REFUSALS[refusal] ?? 'it does not meet the requirement';
}
