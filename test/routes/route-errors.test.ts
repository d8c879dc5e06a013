/** Errors on the wire: what is sent for what is thrown, and what is made of what a peer sends. */
import { describe, expect, it } from 'vitest';
import { LaunchportError } from '../../src/base/index.js';
import { ERROR_KEY, ROUTE_ERROR_CODES, routeError } from '../../src/routes/index.js';
import { errorReply, peerText, remoteError, replyFailure } from '../../src/routes/route-errors.js';
import type { XpcValue } from '../../src/xpc/index.js';

const sent = (thrown: unknown) =>
  JSON.parse(new TextDecoder().decode(errorReply(thrown)[ERROR_KEY] as Uint8Array));
const bytes = (text: string) => new TextEncoder().encode(text);
const received = (value: XpcValue) => replyFailure({ [ERROR_KEY]: value });

describe('sending', () => {
  it('is JSON in data under one key, exactly as upstream has it', () => {
    const reply = errorReply(routeError('notFound', 'no host "a"'));
    expect(Object.keys(reply)).toEqual(['com.apple.container.xpc.error']);
    expect(new TextDecoder().decode(reply[ERROR_KEY] as Uint8Array)).toBe(
      '{"code":"notFound","message":"no host \\"a\\""}',
    );
  });

  it.each(ROUTE_ERROR_CODES)('lets a handler choose the code %s', (code) => {
    expect(sent(routeError(code, 'text'))).toEqual({ code, message: 'text' });
  });

  it('folds the cause into the message', () => {
    const error = routeError('internalError', 'cannot start', { cause: new Error('no memory') });
    expect(sent(error).message).toBe('cannot start (cause: "no memory")');
    const coded = new LaunchportError('ERR_TIMEOUT', 'too slow', { cause: 'because' });
    expect(sent(coded)).toEqual({ code: 'timeout', message: 'too slow (cause: "because")' });
  });

  it('maps our codes by kind and everything else to unknown', () => {
    expect(sent(new LaunchportError('ERR_PLUGIN_NAME', 'm')).code).toBe('invalidArgument');
    expect(sent(new LaunchportError('ERR_PLUGIN_NOT_FOUND', 'm')).code).toBe('notFound');
    expect(sent(new LaunchportError('ERR_LAUNCHD_ALREADY_LOADED', 'm')).code).toBe('exists');
    expect(sent(new TypeError('oops'))).toEqual({ code: 'unknown', message: 'oops' });
    expect(sent('just text')).toEqual({ code: 'unknown', message: 'just text' });
    expect(sent(undefined)).toEqual({ code: 'unknown', message: 'undefined' });
  });

  it('passes an error of a route further on through, but never a code that upstream does not know', () => {
    const known = remoteError('s', 'r', { code: 'empty', message: 'nothing there' });
    expect(sent(known)).toEqual({ code: 'empty', message: 'nothing there' });
    const foreign = remoteError('s', 'r', { code: 'newCode', message: 'm' });
    expect(sent(foreign)).toEqual({ code: 'unknown', message: 'm' });
  });

  it('carries the hint in a key of its own', () => {
    expect(sent(routeError('notFound', 'm', { hint: 'Do this.' }))).toEqual({
      code: 'notFound',
      message: 'm',
      hint: 'Do this.',
    });
  });
});

describe('receiving', () => {
  it('plugin-system case 49: a code nobody knows is an error of class unknown that keeps it', () => {
    const error = remoteError('svc', 'go', received(bytes('{"code":"newCode","message":"hm"}')) as never);
    expect(error).toMatchObject({
      code: 'ERR_REMOTE',
      message: 'svc/go answered unknown (newCode): hm',
      details: { code: 'unknown', rawCode: 'newCode', message: 'hm', service: 'svc', route: 'go' },
    });
  });

  it.each<readonly [string, XpcValue]>([
    ['no JSON', bytes('not json')],
    ['no UTF-8', new Uint8Array([255])],
    ['a JSON string', bytes('"text"')],
    ['JSON null', bytes('null')],
    ['no message', bytes('{"code":"timeout"}')],
    ['a code that is a number', bytes('{"code":1,"message":"m"}')],
    ['nothing', new Uint8Array()],
    ['a string instead of data', '{"code":"timeout","message":"m"}'],
    ['null', null],
  ])('plugin-system case 50: error data with %s is internalError', (_title, value) => {
    expect(received(value)).toEqual({ code: 'internalError', message: 'undecodable error reply' });
  });

  it('is an error whenever the key is there, and only then', () => {
    expect(replyFailure({ other: 1n })).toBeUndefined();
    expect(replyFailure({})).toBeUndefined();
  });

  it('makes control characters of the peer visible, but keeps its text in the details', () => {
    const error = remoteError('s', 'r', {
      code: 'unknown',
      message: '\u001b[2Jhi\u202e\n',
      hint: 'a\u0007b',
    });
    expect(error.message).toBe('s/r answered unknown: \\u001b[2Jhi\\u202e\n');
    expect(error.hint).toBe('a\\u0007b');
    expect(error.details.message).toBe('\u001b[2Jhi\u202e\n');
    expect(peerText('x'.repeat(10_000))).toHaveLength(4097);
  });
});
