/** `launchport image inspect IMAGE…`: everything known of images, as a JSON array or as indented text. */
import { isLaunchportError, type LaunchportError, printable } from '../../base/index.js';
import { formatPlatform, type ImageStore } from '../../oci/index.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { dateText, imageArgument, openImages, sizeText } from '../images.js';
import { writeJson } from '../output/json.js';

/** Writes what is known of each image. All that fail are reported, and then the command fails with the first. */
export async function imageInspect(
  context: CliContext,
  names: readonly string[],
  options: GlobalOptions,
): Promise<void> {
  const store = openImages(context);
  const facts: Facts[] = [];
  const failed: LaunchportError[] = [];
  for (const name of names) {
    try {
      facts.push(await factsOf(store, imageArgument(context, name), context.signal));
    } catch (error) {
      if (!isLaunchportError(error)) throw error;
      failed.push(error);
    }
  }
  if (options.json)
    writeJson(
      context,
      facts.map(({ image, unpacked }) => ({ ...image, ...(unpacked === undefined ? {} : { unpacked }) })),
    );
  else for (const fact of facts) writeFacts(context, fact);
  for (const error of failed.slice(1)) context.stderr.write(`launchport: ${printable(error.message)}\n`);
  if (failed[0] !== undefined) throw failed[0];
}

type Facts = Awaited<ReturnType<typeof factsOf>>;

async function factsOf(store: ImageStore, name: string, signal: AbortSignal) {
  const image = await store.find(name, { signal });
  return { image, unpacked: await store.unpackReport(image) };
}

function writeFacts(context: CliContext, { image, unpacked }: Facts): void {
  const { config } = image;
  const rows: Record<string, unknown> = {
    name: image.reference,
    digest: image.digest,
    'media type': image.mediaType,
    platform: formatPlatform(image.platform),
    created: dateText(image.createdAt),
    imported: dateText(image.importedAt),
    size: sizeText(image.totalSize),
    layers: image.diffIds.length,
    entrypoint: config.Entrypoint,
    command: config.Cmd,
    environment: config.Env,
    directory: config.WorkingDir ?? '/',
    user: config.User ?? '',
    ports: config.ExposedPorts,
    volumes: config.Volumes,
    'stop signal': config.StopSignal ?? '',
    labels: config.Labels,
    unpacked: unpacked ?? 'not yet',
  };
  for (const [key, value] of Object.entries(rows)) {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    context.stdout.write(`${key.padEnd(12)} ${printable(text)}\n`.replace(/ +\n$/, '\n'));
  }
  context.stdout.write('\n');
}
