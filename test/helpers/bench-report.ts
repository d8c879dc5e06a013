/** A whole report of a benchmark as a machine could have written it: the same each time, distributions and all. */
import type {
  BenchReport,
  BenchRow,
  LatencySummary,
  Placement,
  Series,
  Unit,
} from '../../src/bench/index.js';

/** Names that a page must take for text, whatever they hold. */
export const HOSTILE_NAMES = [
  '</script><script>window.hostile = 1</script>',
  '"><img src=x onerror="window.hostile = 2">',
  "<!-- ' & {{window.hostile = 3}} ` \u2028",
] as const;

/** Typical figures: p50 on one core in µs, messages a second with 64 B and 4 KiB, MB/s with 1 MiB and 16 MiB. */
const TRANSPORTS: readonly (readonly [string, number, number, number, number, number])[] = [
  ['launchport', 7.4, 612_000, 231_000, 2150, 1420],
  ['launchport (dispatch queue)', 11.9, 402_000, 170_000, 1980, 1310],
  ['floor', 3.2, 508_000, 424_000, 3800, 2000],
  ['net + msgpackr', 14.6, 204_000, 66_000, 560, 240],
  ['net + JSON lines', 16.1, 196_000, 27_000, 73, 51],
  ['fork, advanced', 27.3, 66_000, 35_000, 575, 480],
  ['zeromq', 39.2, 56_000, 39_500, 735, 1010],
  ['http2', 75.1, 18_200, 14_400, 390, 340],
  ['gRPC', 190.4, 6_050, 4_500, 146, 160],
  ['D-Bus', 109.7, 10_900, 1_020, 2.6, 2.1],
  ['NATS', 77.3, 30_100, 10_600, 112, 109],
];

const ROUNDS = 5;
const SAMPLES = 200_000;
const PAYLOADS = [64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864];

/** Numbers from 0 to 1 that look random and are the same each time. */
function sequence(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A bell around p50 with a second, smaller one and a long tail, in the buckets of the benchmark. */
function latencyOf(p50: number, random: () => number): LatencySummary {
  const weights = new Map<number, number>();
  const center = Math.log10(p50) * 40;
  const width = 1.2 + random();
  const bump = 9 + random() * 6;
  for (let bucket = Math.round(center - 5); bucket < center + 70; bucket++) {
    const main = Math.exp(-(((bucket - center) / (bucket > center ? width * 1.7 : width)) ** 2) / 2);
    const second = 0.035 * Math.exp(-(((bucket - center - bump) / 2.5) ** 2) / 2);
    const tail = bucket > center ? 0.004 * Math.exp(-(bucket - center) / 9) : 0;
    weights.set(bucket, main + second + tail * (0.5 + random()));
  }
  const sum = [...weights.values()].reduce((total, weight) => total + weight, 0);
  const buckets = [...weights].flatMap(([bucket, weight]) => {
    const count = Math.round((weight / sum) * SAMPLES);
    return count > 0 ? [{ upTo: 10 ** (bucket / 40), count }] : [];
  });
  const count = buckets.reduce((total, one) => total + one.count, 0);
  const percentile = (share: number) => {
    let seen = 0;
    for (const bucket of buckets) {
      seen += bucket.count;
      if (seen >= share * count) return bucket.upTo * 0.97;
    }
    return buckets.at(-1)?.upTo ?? p50;
  };
  const [first, last] = [buckets[0]?.upTo ?? p50, buckets.at(-1)?.upTo ?? p50];
  return {
    count,
    min: first * 0.96,
    p50: percentile(0.5),
    p90: percentile(0.9),
    p99: percentile(0.99),
    p999: percentile(0.999),
    max: last * 0.99,
    buckets,
  };
}

function seriesOf(
  fields: Pick<Series, 'transport' | 'workload' | 'unit'> & Partial<Series>,
  value: number,
  random: () => number,
): Series {
  const rounds = Array.from({ length: ROUNDS }, () => value * (0.94 + random() * 0.12));
  const median = [...rounds].sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] as number;
  return { placement: 'same core', ...fields, rounds, median };
}

/** Throughput of echoes: costs per message for small ones, bytes for the large. */
function curveOf(perSecond: number, atMebibyte: number, at16: number): (payload: number) => number {
  const perMessage = 2e6 / perSecond;
  return (payload) => {
    const large =
      payload <= 1_048_576
        ? atMebibyte
        : atMebibyte + (at16 - atMebibyte) * Math.min(1, payload / 16_777_216);
    return payload / (perMessage + payload / large);
  };
}

function series(names: readonly (typeof TRANSPORTS)[number][], random: () => number): Series[] {
  const both: readonly Placement[] = ['same core', 'split cores'];
  const of = (transport: string, workload: string, unit: Unit, value: number, rest: Partial<Series> = {}) =>
    seriesOf({ transport, workload, unit, ...rest }, value, random);
  return names.flatMap(([name, p50, small, large, mebibyte, at16]) => {
    const curve = curveOf(small, mebibyte, at16);
    const ours = name.startsWith('launchport') || name === 'floor';
    return [
      ...both.map((placement) => {
        const latency = latencyOf(placement === 'same core' ? p50 : p50 * 1.1 + 48, random);
        return { ...of(name, 'latency', 'µs', latency.p50, { payload: 64, placement }), latency };
      }),
      of(name, 'in flight', 'messages/s', small, { payload: 64, inFlight: 64 }),
      of(name, 'in flight', 'messages/s', large, { payload: 4096, inFlight: 64 }),
      ...PAYLOADS.filter((payload) => name !== 'D-Bus' || payload < 16e6).map((payload) =>
        of(name, 'echo', 'MB/s', curve(payload), { payload }),
      ),
      ...(ours
        ? [
            of(name, 'fan-in', 'messages/s', small * 0.93, { inFlight: 64, placement: 'unpinned' }),
            of(name, 'fan-out', 'messages/s', small * 0.88, { inFlight: 100, placement: 'unpinned' }),
            of(name, 'connections', 'messages/s', small * 0.84, { inFlight: 1000, payload: 64 }),
            of(name, 'connect', 'connections/s', 2e5 / p50),
            of(name, 'cold start', 'ms', 54 + p50, { placement: 'unpinned' }),
          ]
        : []),
      ...(name === 'launchport'
        ? [
            of(name, 'idle connection (server)', 'KiB', 9.4),
            of(name, 'discovery, 1,000 bundles', 'ms', 118, { placement: 'unpinned' }),
            of(name, 'registration, 100 plugins', 'ms', 131, { placement: 'unpinned' }),
            of(name, 'wake-ups per message', 'count', 0.031),
          ]
        : []),
    ];
  });
}

function row(fields: Partial<BenchRow> & Pick<BenchRow, 'name' | 'value' | 'unit'>): BenchRow {
  const { value, floor = null, bestPeer = null } = fields;
  return {
    floor,
    bestPeer,
    ratioToFloor: floor === null ? null : value / floor,
    ratioToBestPeer: bestPeer === null ? null : value / bestPeer,
    bestPeerName: bestPeer === null ? null : 'net + msgpackr',
    spread: [value * 0.96, value * 1.05],
    target: null,
    isReached: null,
    ...fields,
  };
}

const ROWS: readonly BenchRow[] = [
  row({
    name: '64 B request and reply, p50, same core',
    value: 7.41,
    unit: 'µs',
    floor: 3.2,
    bestPeer: 14.6,
    target: '≤ 2.5 × the floor, ≤ 0.6 × the best peer',
    isReached: true,
  }),
  row({
    name: '64 B, 64 in flight',
    value: 612_345,
    unit: 'messages/s',
    floor: 508_000,
    bestPeer: 204_000,
    target: '≥ 2.5 × the best peer',
    isReached: true,
  }),
  row({
    name: '64 B request and reply, p50, split cores',
    value: 57.2,
    unit: 'µs',
    floor: 51.5,
    bestPeer: 64.1,
    target: '≤ 1.15 × the floor',
    isReached: true,
  }),
  row({
    name: '1 MiB echo',
    value: 2150,
    unit: 'MB/s',
    floor: 3800,
    bestPeer: 735,
    bestPeerName: 'zeromq',
    target: '≥ 2.5 × the best peer, ≥ 0.5 × the floor',
    isReached: true,
  }),
  row({
    name: '16 MiB echo',
    value: 1420,
    unit: 'MB/s',
    floor: 2000,
    bestPeer: 1010,
    bestPeerName: 'zeromq',
    target: '≥ 1.5 × the best peer',
    isReached: false,
  }),
  row({
    name: 'cold start to the first reply',
    value: 61.4,
    unit: 'ms',
    target: '≤ 1.15 × Node and activator',
  }),
  row({ name: 'idle connection, native', value: 9.4, unit: 'KiB', target: '≤ 16 KiB', isReached: true }),
  row({ name: 'connections set up', value: 27_030, unit: 'connections/s', floor: 62_500 }),
  row({ name: 'discovery, 1,000 bundles', value: 118, unit: 'ms' }),
];

/** A report; hostile: with transports, rows and facts that are named to break the page. */
export function benchReport({ isHostile = false } = {}): BenchReport {
  const random = sequence(20_26);
  const names = HOSTILE_NAMES.map(
    (name, index) => [name, 60 + 40 * index, 20_000, 9_000, 300, 200] as (typeof TRANSPORTS)[number],
  );
  const [hostile = '', facts = ''] = isHostile ? HOSTILE_NAMES : [];
  return {
    version: 1,
    createdAt: '2026-11-24T20:15:00.000Z',
    environment: {
      platform: 'linux',
      kernel: `6.18.5${facts}`,
      architecture: 'x64',
      cpu: `Intel Xeon Processor 2.8 GHz${hostile}`,
      cores: 2,
      memory: 23.5,
      node: 'v20.20.2',
      launchport: '0.1.0',
      versions: { msgpackr: '1.11.5', zeromq: '6.8.0', [`gcc${hostile}`]: `12.2.0${facts}` },
      load: 0.42,
    },
    method: { rounds: ROUNDS, effort: 'full', isPinned: true },
    rows: isHostile
      ? [...ROWS, row({ name: hostile, value: 1, unit: 'ms', bestPeer: 2, bestPeerName: facts })]
      : ROWS,
    series: series(isHostile ? [...TRANSPORTS, ...names] : TRANSPORTS, random),
    skipped: [
      { name: 'node-ipc', reason: 'It could not be installed: the registry does not have it.' },
      { name: `libxpc${hostile}`, reason: `Only macOS has it.${facts}` },
    ],
  };
}
