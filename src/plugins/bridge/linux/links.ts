/** Network interfaces as `ip` of iproute2 shows them, in this network namespace or in another one. */
import * as z from 'zod';
import { failure, INHERITED_DESCRIPTOR, mustRun, type RunTool } from './tool.js';

const linkSchema = z.object({
  ifindex: z.number(),
  ifname: z.string(),
  /** Of the other end of a veth pair. */
  link_index: z.number().optional(),
  master: z.string().optional(),
  address: z.string().optional(),
  ifalias: z.string().optional(),
  linkinfo: z.object({ info_kind: z.string().optional() }).optional(),
});

const addressSchema = z.object({
  addr_info: z
    .array(z.object({ local: z.string().optional(), prefixlen: z.number(), scope: z.string() }))
    .default([]),
});

/** An interface. */
export type Link = z.output<typeof linkSchema>;

/** `ip`, in this network namespace, or with a descriptor in the one it stands for. */
export class LinkTool {
  readonly #run: RunTool;
  readonly #netns: number | undefined;

  constructor(run: RunTool, netns?: number) {
    this.#run = run;
    this.#netns = netns;
  }

  /** All interfaces. @throws ToolError */
  async list(): Promise<readonly Link[]> {
    return parseList(linkSchema, await this.#ip(['-d', '-j', 'link', 'show']));
  }

  /** One interface; undefined when there is none of that name. @throws ToolError */
  async find(name: string): Promise<Link | undefined> {
    const args = ['-d', '-j', 'link', 'show', 'dev', name];
    const [file, prefix] = this.#command();
    const result = await this.#run(file, [...prefix, ...args], this.#options());
    if (result.status === 0) return parseList(linkSchema, result.stdout)[0];
    if (/does not exist/i.test(result.stderr)) return undefined;
    throw failure([file, ...prefix, ...args].join(' '), result);
  }

  /** `address/prefix` of each address of the interface but the link's own. @throws ToolError */
  async addresses(name: string): Promise<readonly string[]> {
    const [found] = parseList(addressSchema, await this.#ip(['-j', 'address', 'show', 'dev', name]));
    return (found?.addr_info ?? [])
      .filter(({ scope }) => scope !== 'link')
      .flatMap(({ local, prefixlen }) => (local === undefined ? [] : [`${local}/${prefixlen}`]));
  }

  /** Runs commands of `ip`, each without the word itself, up to the first that fails. @throws ToolError */
  async batch(commands: readonly string[]): Promise<void> {
    await this.#ip(['-batch', '-'], commands.map((command) => `${command}\n`).join(''));
  }

  /** As {@link batch}, but goes on after one that fails. @throws ToolError at the end, when any failed */
  async batchAll(commands: readonly string[]): Promise<void> {
    await this.#ip(['-force', '-batch', '-'], commands.map((command) => `${command}\n`).join(''));
  }

  /** Runs one command; the descriptor, if any, is at {@link INHERITED_DESCRIPTOR}. @throws ToolError */
  async run(command: string, descriptor?: number): Promise<void> {
    const [file, prefix] = this.#command();
    const options = descriptor === undefined ? this.#options() : { descriptor };
    await mustRun(this.#run, file, [...prefix, ...command.split(' ')], options);
  }

  async #ip(args: readonly string[], input?: string): Promise<string> {
    const [file, prefix] = this.#command();
    const options = { ...this.#options(), ...(input === undefined ? {} : { input }) };
    return mustRun(this.#run, file, [...prefix, ...args], options);
  }

  #command(): readonly [string, readonly string[]] {
    return this.#netns === undefined ? ['ip', []] : ['nsenter', [`--net=${INHERITED_DESCRIPTOR}`, 'ip']];
  }

  #options(): { readonly descriptor?: number } {
    return this.#netns === undefined ? {} : { descriptor: this.#netns };
  }
}

/** Some versions print an empty object for each interface that was not asked for. */
function parseList<T>(schema: z.ZodType<T>, text: string): T[] {
  const items = z
    .array(z.record(z.string(), z.unknown()))
    .parse(JSON.parse(text.trim() === '' ? '[]' : text));
  return items.filter((item) => Object.keys(item).length > 0).map((item) => schema.parse(item));
}
