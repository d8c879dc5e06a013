/** Messages as JSON has them: bytes in base64. */
import type { EchoMessage } from '../transport.js';

/** A message that JSON can carry. */
export interface JsonMessage {
  readonly route: string;
  readonly id: number;
  readonly payload: string;
  readonly name: string;
  readonly flag: boolean;
}

/** What JSON can carry of a message. */
export function toJson({ route, id, payload, name, flag }: EchoMessage): JsonMessage {
  const { buffer, byteOffset, byteLength } = payload;
  return { route, id, payload: Buffer.from(buffer, byteOffset, byteLength).toString('base64'), name, flag };
}

/** The message again. */
export function fromJson({ route, id, payload, name, flag }: JsonMessage): EchoMessage {
  return { route, id, payload: Buffer.from(payload, 'base64'), name, flag };
}
