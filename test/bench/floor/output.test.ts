import { describe, expect, it } from 'vitest';
import { workArguments } from '../../../src/bench/floor/floor.js';
import { parseLatency, parseRate } from '../../../src/bench/floor/output.js';
import { thrownBy } from '../../helpers/thrown.js';

const LATENCY =
  '{"workload":"latency","payload":64,"count":3,"min":1.5,"p50":2,"p90":3,"p99":3,"p999":3,"max":3,"buckets":[[1.5,1],[3,2]]}';

describe('what the floor prints', () => {
  it('is read as a distribution', () => {
    expect(parseLatency(LATENCY)).toEqual({
      count: 3,
      min: 1.5,
      p50: 2,
      p90: 3,
      p99: 3,
      p999: 3,
      max: 3,
      buckets: [
        { upTo: 1.5, count: 1 },
        { upTo: 3, count: 2 },
      ],
    });
  });

  it('is read as a rate, with connections where there are some', () => {
    const rate = '{"messagesPerSecond":10,"megabytesPerSecond":0.5}';
    expect(parseRate(rate)).toEqual({ messagesPerSecond: 10, megabytesPerSecond: 0.5 });
    expect(parseRate(rate.replace('}', ',"connectionsPerSecond":7}'))).toMatchObject({
      connectionsPerSecond: 7,
    });
  });

  it.each([
    '',
    'Segmentation fault',
    'null',
    '[]',
    LATENCY.slice(0, -5),
    LATENCY.replace('"p50":2', '"p50":"2"'),
    LATENCY.replace('"p99":3,', ''),
    LATENCY.replace('[3,2]', '[3]'),
    LATENCY.replace('"count":3', '"count":-1'),
  ])('is refused when it is %j', (text) => {
    expect(thrownBy(() => parseLatency(text)).code).toBe('ERR_INTERNAL');
    expect(thrownBy(() => parseRate(text)).code).toBe('ERR_INTERNAL');
  });
});

it('work becomes a command line', () => {
  expect(
    workArguments({ workload: 'in flight', payload: 64, count: 10, inFlight: 8, cores: [1, 0] }),
  ).toEqual(['flight', '--payload', '64', '--count', '10', '--in-flight', '8', '--cores', '1,0']);
});
