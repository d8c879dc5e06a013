/** What unpacking an image did, and what it left out. */
import * as z from 'zod';

/** Longest list of names; further ones are only counted. */
const MAX_LISTED = 200;

const schema = z.object({
  entries: z.number(),
  bytes: z.number(),
  isOwnershipKept: z.boolean(),
  skippedCount: z.number(),
  skipped: z.array(z.object({ path: z.string(), reason: z.string() })),
  setuidCount: z.number(),
  xattrCount: z.number(),
});

/**
 * What became of an image's entries. `isOwnershipKept`: files belong to whom the image says, which takes root.
 * `skipped`: entries that were not made, and why; the first 200 of `skippedCount`. `setuidCount`: programs that lost
 * their set-user-ID or set-group-ID bit. `xattrCount`: entries that lost extended attributes or access control lists.
 */
export type UnpackReport = Readonly<z.output<typeof schema>>;

/** Reads what {@link ReportBuilder.report} was written as. */
export const unpackReportSchema: z.ZodType<UnpackReport> = schema;

/** Counts while layers are unpacked. */
export class ReportBuilder {
  entries = 0;
  bytes = 0;
  setuidCount = 0;
  xattrCount = 0;
  isOwnershipKept: boolean;
  #skippedCount = 0;
  readonly #skipped: { path: string; reason: string }[] = [];

  constructor(isOwnershipKept: boolean) {
    this.isOwnershipKept = isOwnershipKept;
  }

  skip(path: string, reason: string): void {
    this.#skippedCount += 1;
    if (this.#skipped.length < MAX_LISTED) this.#skipped.push({ path, reason });
  }

  report(): UnpackReport {
    return {
      entries: this.entries,
      bytes: this.bytes,
      isOwnershipKept: this.isOwnershipKept,
      skippedCount: this.#skippedCount,
      skipped: this.#skipped,
      setuidCount: this.setuidCount,
      xattrCount: this.xattrCount,
    };
  }
}
