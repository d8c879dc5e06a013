/** The deadline queue, with a clock that stands still unless told. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Dated, DeadlineQueue } from '../../src/xpc/deadline-queue.js';

class Item implements Dated {
  dueAt = 0;
  lane: Dated['lane'] = undefined;
  previous: Dated | undefined = undefined;
  next: Dated | undefined = undefined;
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

let expired: string[];
let queue: DeadlineQueue<Item>;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  expired = [];
  queue = new DeadlineQueue<Item>((item) => void expired.push(item.name));
});

afterEach(() => {
  vi.useRealTimers();
});

function add(name: string, milliseconds: number): Item {
  const item = new Item(name);
  queue.add(item, milliseconds);
  queue.forgetTime();
  return item;
}

it('expires items at their time, not before, whatever the order of their lengths', () => {
  add('a', 100);
  add('b', 50);
  vi.advanceTimersByTime(30);
  add('c', 50);
  vi.advanceTimersByTime(19);
  expect(expired).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(expired).toEqual(['b']);
  vi.advanceTimersByTime(30);
  expect(expired).toEqual(['b', 'c']);
  vi.advanceTimersByTime(20);
  expect(expired).toEqual(['b', 'c', 'a']);
});

it('needs one timer for all deadlines of one length, and none for lengths long past', () => {
  for (let i = 0; i < 1000; i++) add(`${i}`, 60_000);
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(60_000);
  expect(expired).toHaveLength(1000);
  expect(vi.getTimerCount()).toBe(0);
});

it('keeps few timers when every deadline has a length of its own', () => {
  for (let i = 0; i < 1000; i++) queue.remove(add(`${i}`, 60_000 + i));
  expect(vi.getTimerCount()).toBeLessThan(20);
  vi.advanceTimersByTime(70_000);
  expect(expired).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});

it('forgets what is removed: first, last, between, alone, twice', () => {
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => add(name, 10)) as [Item, Item, Item, Item];
  queue.remove(b);
  queue.remove(b);
  queue.remove(a);
  queue.remove(d);
  add('e', 10);
  vi.advanceTimersByTime(10);
  expect(expired).toEqual(['c', 'e']);
  queue.remove(c);
  const alone = add('f', 10);
  queue.remove(alone);
  vi.advanceTimersByTime(20);
  expect(expired).toEqual(['c', 'e']);
});

it('takes deadlines that are past and ones beyond the longest timer', () => {
  add('past', -5);
  add('now', 0);
  add('never', Number.POSITIVE_INFINITY);
  vi.advanceTimersByTime(1);
  expect(expired).toEqual(['past', 'now']);
});

it('adds from within an expiry, and expires nothing once cleared', () => {
  const again = new DeadlineQueue<Item>((item) => {
    expired.push(item.name);
    if (item.name === 'first') again.add(new Item('second'), 10);
  });
  again.add(new Item('first'), 10);
  vi.advanceTimersByTime(10);
  expect(expired).toEqual(['first']);
  vi.advanceTimersByTime(10);
  expect(expired).toEqual(['first', 'second']);
  again.add(new Item('third'), 10);
  again.clear();
  vi.advanceTimersByTime(100);
  expect(expired).toEqual(['first', 'second']);
});
