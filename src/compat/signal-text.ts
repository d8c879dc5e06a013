/** Signals in messages: their names, as upstream's routes want them. */
import { type WireType, x } from '../routes/index.js';

const text = x.string();

/** Name or number as text. A number comes as its digits: upstream's ClientProcess sends an int64. */
export const signalText: WireType<string, false> = {
  ...text,
  decode: (value) => (typeof value === 'bigint' ? value.toString() : text.decode(value)),
};
