/** Keys that only launchport knows, for streams and progress. Other implementations ignore them. */

/** Endpoint of a request for a stream: where the items go. */
export const STREAM_ENDPOINT_KEY = 'launchport.stream.endpoint';
/** int64 of a request for a stream: how many items may be under way that nobody has read yet. */
export const STREAM_WINDOW_KEY = 'launchport.stream.window';
/** int64 of the reader's messages: how many more items it has room for. */
export const STREAM_CREDIT_KEY = 'launchport.stream.credit';
/** int64 of a stream's reply, an error too: how many items there were. */
export const STREAM_COUNT_KEY = 'launchport.stream.count';
/** int64 of a reply: how many progress messages there were. */
export const PROGRESS_COUNT_KEY = 'launchport.progress.count';

/** Items under way when a reader does not say how many. */
export const DEFAULT_WINDOW = 32;
/** Most items under way, whatever a reader says. */
export const MAX_WINDOW = 4096;
