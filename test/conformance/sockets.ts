/** The supervisor port: sockets by path, watches and locks. */
import { expect, it } from 'vitest';
import { numberBody, numberOf } from './body.js';
import type { UseBench } from './define.js';

/** What a system call's error tells. */
export function thrownBy(work: () => unknown): { code: string | undefined; syscall: string | undefined } {
  try {
    work();
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    return { code, syscall };
  }
  throw new Error('nothing was thrown');
}

export function socketTests(use: UseBench): void {
  it('a client that waits is reported once for each watch', async () => {
    const { client, demands, supervisor } = use();
    const { descriptor, target } = use().service();
    supervisor.watch(descriptor);
    supervisor.watch(descriptor);
    await use().settle();
    expect(demands).toEqual([]);
    client.dial(target);
    await use().until('demand', () => demands.length > 0);
    client.dial(target);
    await use().settle();
    expect(demands).toEqual([descriptor]);
    // The clients still wait: a new watch reports them at once, but not inside the call.
    supervisor.watch(descriptor);
    expect(demands).toHaveLength(1);
    await use().until('demand', () => demands.length > 1);
    await use().settle();
    expect(demands).toEqual([descriptor, descriptor]);
  });

  it('a client that came before the watch, and went, is reported', async () => {
    const { client, demands, supervisor } = use();
    const { descriptor, target } = use().service();
    const connection = client.dial(target);
    await use().settle();
    client.cancel(connection);
    await client.event(connection, 'invalid');
    supervisor.watch(descriptor);
    await use().until('demand', () => demands.length > 0);
  });

  it('nothing is reported after unwatch, nor after another accepted the client', async () => {
    const { client, server, demands, supervisor } = use();
    const { descriptor, target, name } = use().service();
    client.dial(target);
    await use().settle();
    supervisor.watch(descriptor);
    supervisor.unwatch(descriptor);
    supervisor.unwatch(descriptor);
    await use().settle();
    server.listen({ name, descriptor });
    await server.next('peer');
    supervisor.watch(descriptor);
    await use().settle();
    expect(demands).toEqual([]);
  });

  it('each watched listener is reported for itself', async () => {
    const { client, demands, supervisor } = use();
    const [first, second] = [use().service(), use().service()];
    supervisor.watch(first.descriptor);
    supervisor.watch(second.descriptor);
    client.dial(second.target);
    await use().until('demand', () => demands.length > 0);
    expect(demands).toEqual([second.descriptor]);
    client.dial(first.target);
    await use().until('demand', () => demands.length > 1);
    expect(demands).toEqual([second.descriptor, first.descriptor]);
  });

  it('a new listener takes over a path, and who waits at the old one is served there', async () => {
    const { client, server, supervisor } = use();
    const old = use().service();
    const early = client.dial(old.target);
    client.message(early, numberBody(1));
    await use().settle();
    const descriptor = supervisor.createListener(old.target.address as string, 8);
    const late = client.dial(old.target);
    client.message(late, numberBody(2));
    const other = use().port();
    server.listen({ name: old.name, descriptor: old.descriptor });
    other.listen({ name: old.name, descriptor });
    expect(numberOf((await server.next('message')).body)).toBe(1);
    expect(numberOf((await other.next('message')).body)).toBe(2);
    expect([server.of('message').length, other.of('message').length]).toEqual([1, 1]);
  });

  it('a listener that moves is found where it went, with those who waited', async () => {
    const { client, server, supervisor } = use();
    const service = use().service();
    const from = service.target.address as string;
    const early = client.dial(service.target);
    client.message(early, numberBody(1));
    await use().settle();
    supervisor.moveListener(from, `${from}.to`);
    expect([supervisor.isListening(from), supervisor.isListening(`${from}.to`)]).toEqual([false, true]);
    server.listen({ name: service.name, descriptor: service.descriptor });
    expect(numberOf((await server.next('message')).body)).toBe(1);
    supervisor.moveListener(`${from}.to`, from);
    client.message(client.dial(service.target), numberBody(2));
    await use().until('the second message', () => server.of('message').length === 2);
    expect(() => supervisor.moveListener(`${from}.none`, from)).toThrow(
      expect.objectContaining({ code: 'ENOENT', syscall: 'rename' }),
    );
  });

  it('tells whether anybody listens at a path', () => {
    const { supervisor, environment } = use();
    const { address } = environment.target('com.example.nobody');
    expect(supervisor.isListening(address as string)).toBe(false);
    const { descriptor, target } = use().service();
    expect(supervisor.isListening(target.address as string)).toBe(true);
    supervisor.closeDescriptor(descriptor);
    expect(supervisor.isListening(target.address as string)).toBe(false);
  });

  it('the pid of a listener is that of who listened last', async () => {
    const { supervisor, server } = use();
    const { descriptor, name } = use().service();
    expect(supervisor.listenerPid(descriptor)).toBe(process.pid);
    server.listen({ name, descriptor });
    await use().settle();
    expect(supervisor.listenerPid(descriptor)).toBe(process.pid);
  });

  it('a lock is exclusive until it is closed', () => {
    const { supervisor, environment } = use();
    const path = environment.target('lock').address as string;
    const lock = supervisor.lock(path);
    expect(lock).toBeGreaterThanOrEqual(0);
    expect(supervisor.lock(path)).toBe(-1);
    expect(supervisor.lock(environment.target('other').address as string)).toBeGreaterThanOrEqual(0);
    supervisor.closeDescriptor(lock);
    expect(supervisor.lock(path)).toBeGreaterThanOrEqual(0);
  });

  it('failures have a code and a syscall', () => {
    const { supervisor, environment } = use();
    const { descriptor } = use().service();
    supervisor.closeDescriptor(descriptor);
    expect(thrownBy(() => supervisor.closeDescriptor(descriptor))).toEqual({
      code: 'EBADF',
      syscall: 'close',
    });
    expect(thrownBy(() => supervisor.closeDescriptor(987_654)).code).toBe('EBADF');
    expect(thrownBy(() => supervisor.listenerPid(987_654))).toEqual({ code: 'EBADF', syscall: 'getsockopt' });
    expect(thrownBy(() => supervisor.watch(987_654))).toEqual({ code: 'EBADF', syscall: 'epoll_ctl' });
    const path = environment.target('x'.repeat(120)).address as string;
    expect(thrownBy(() => supervisor.createListener(path, 8))).toEqual({
      code: 'ENAMETOOLONG',
      syscall: 'bind',
    });
    supervisor.unwatch(987_654);
  });

  it('wrong arguments are TypeErrors', () => {
    const { supervisor, environment } = use();
    const wrong = undefined as never;
    expect(() => supervisor.createListener(wrong, 8)).toThrow(TypeError);
    expect(() => supervisor.createListener('/x', wrong)).toThrow(TypeError);
    expect(() => supervisor.watch(wrong)).toThrow(TypeError);
    expect(() => supervisor.lock(wrong)).toThrow(TypeError);
    expect(() => supervisor.isListening(wrong)).toThrow(TypeError);
    expect(() => supervisor.signal(wrong, 9, false)).toThrow(TypeError);
    expect(() => supervisor.signal(1, wrong, false)).toThrow(TypeError);
    expect(() => supervisor.spawn(wrong)).toThrow(TypeError);
    expect(() => environment.binding.openSupervisor?.({} as never)).toThrow(TypeError);
  });

  it('a closed port reports nothing and makes nothing', async () => {
    const { client, demands, supervisor, environment } = use();
    const { descriptor, target } = use().service();
    supervisor.watch(descriptor);
    client.dial(target);
    supervisor.close();
    supervisor.close();
    await use().settle();
    expect(demands).toEqual([]);
    const path = environment.target('late').address as string;
    expect(() => supervisor.createListener(path, 8)).toThrow('closed');
    expect(() => supervisor.lock(path)).toThrow('closed');
  });
}
