/** The keys of a job's property list: their types, and the values launchd accepts (launchd.plist(5)). */
import * as z from 'zod';
import { MAX_SERVICE_NAME_BYTES } from '../base/index.js';
import { isLabel } from './label.js';

const text = z.string().refine((value) => !value.includes('\0'), 'holds a NUL');
const filledText = text.refine((value) => value !== '', 'empty');
const absolutePath = text.refine((value) => value.startsWith('/'), 'not an absolute path');
const flag = z.boolean();
const integer = z.int();
const seconds = integer.nonnegative();
const flags = z.record(text, flag);
const free = z.record(z.string(), z.unknown());
const textOrTexts = z.union([text, z.array(text)]);

const serviceName = z
  .string()
  .refine(
    (name) => name.length <= MAX_SERVICE_NAME_BYTES && /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name),
    'not a Mach service name',
  );

const machService = z.union([
  flag,
  z.strictObject({
    /** Discards queued messages when the job drops the port. */
    ResetAtClose: flag.optional(),
    /** Lookup fails until the job has checked in. */
    HideUntilCheckIn: flag.optional(),
    DrainMessagesOnCrash: z.enum(['One', 'All']).optional(),
  }),
]);

const keepAlive = z.union([
  flag,
  z.strictObject({
    SuccessfulExit: flag.optional(),
    Crashed: flag.optional(),
    PathState: flags.optional(),
    OtherJobEnabled: flags.optional(),
    OtherJobActive: flags.optional(),
    AfterInitialDemand: flag.optional(),
    NetworkState: flag.optional(),
  }),
]);

const umask = z
  .union([integer.min(0).max(0o777), z.string().transform(parseUmask)])
  .refine((value) => !Number.isNaN(value), 'not a file mode');

/** Exact beyond 2^53 too: a limit of 2^63-1 stands for none. */
const limit = z.union([seconds, z.bigint().nonnegative()]);

const limits = z.strictObject({
  Core: limit.optional(),
  CPU: limit.optional(),
  Data: limit.optional(),
  FileSize: limit.optional(),
  MemoryLock: limit.optional(),
  NumberOfFiles: limit.optional(),
  NumberOfProcesses: limit.optional(),
  ResidentSetSize: limit.optional(),
  Stack: limit.optional(),
});

const socket = z.strictObject({
  SockType: z.enum(['stream', 'dgram', 'seqpacket']).optional(),
  SockPassive: flag.optional(),
  SockNodeName: text.optional(),
  SockServiceName: z.union([text, integer]).optional(),
  SockFamily: text.optional(),
  SockProtocol: text.optional(),
  SockPathName: text.optional(),
  SockPathOwner: integer.optional(),
  SockPathGroup: integer.optional(),
  SockPathMode: integer.min(0).max(0o7777).optional(),
  SecureSocketWithKey: text.optional(),
  Bonjour: z.union([flag, textOrTexts]).optional(),
  MulticastGroup: text.optional(),
});

const calendar = z.strictObject({
  Minute: integer.min(0).max(59).optional(),
  Hour: integer.min(0).max(23).optional(),
  Day: integer.min(1).max(31).optional(),
  /** 0 and 7 are both Sunday. */
  Weekday: integer.min(0).max(7).optional(),
  Month: integer.min(1).max(12).optional(),
});

/** Every key, in the order in which a built plist lists them. */
export const jobSchema = z.strictObject({
  Label: z.string().refine(isLabel, 'not a job label'),
  Program: absolutePath.optional(),
  ProgramArguments: z.array(text).min(1).optional(),
  BundleProgram: text.optional(),
  EnableGlobbing: flag.optional(),
  EnvironmentVariables: z
    .record(
      filledText.refine((name) => !name.includes('='), 'holds an equals sign'),
      text,
    )
    .optional(),
  /** `true` or a dictionary advertises the name, `false` does not. */
  MachServices: z.record(serviceName, machService).optional(),
  Sockets: z.record(text, z.union([socket, z.array(socket)])).optional(),
  inetdCompatibility: z.strictObject({ Wait: flag }).optional(),
  RunAtLoad: flag.optional(),
  /** `true`: always restarted. A dictionary: restarted while any of its conditions holds. */
  KeepAlive: keepAlive.optional(),
  LaunchOnlyOnce: flag.optional(),
  /** Seconds between starts. */
  StartInterval: integer.positive().optional(),
  StartCalendarInterval: z.union([calendar, z.array(calendar)]).optional(),
  StartOnMount: flag.optional(),
  WatchPaths: z.array(text).optional(),
  QueueDirectories: z.array(text).optional(),
  LaunchEvents: free.optional(),
  /** Least seconds from one start to the next; launchd's default is 10. */
  ThrottleInterval: seconds.optional(),
  /** Seconds from SIGTERM to SIGKILL; 0 waits for ever. */
  ExitTimeOut: seconds.optional(),
  EnableTransactions: flag.optional(),
  EnablePressuredExit: flag.optional(),
  AbandonProcessGroup: flag.optional(),
  WorkingDirectory: filledText.optional(),
  RootDirectory: filledText.optional(),
  StandardInPath: filledText.optional(),
  StandardOutPath: filledText.optional(),
  StandardErrorPath: filledText.optional(),
  UserName: filledText.optional(),
  GroupName: filledText.optional(),
  InitGroups: flag.optional(),
  /** A number is the mask itself; a string is read as C reads it, so "022" is octal. Always a number once read. */
  Umask: umask.optional(),
  Nice: integer.min(-20).max(20).optional(),
  ProcessType: z.enum(['Background', 'Standard', 'Adaptive', 'Interactive']).optional(),
  SoftResourceLimits: limits.optional(),
  HardResourceLimits: limits.optional(),
  LowPriorityIO: flag.optional(),
  LowPriorityBackgroundIO: flag.optional(),
  LimitLoadToSessionType: textOrTexts.optional(),
  LimitLoadToHardware: free.optional(),
  LimitLoadFromHardware: free.optional(),
  Disabled: flag.optional(),
  WaitForDebugger: flag.optional(),
  SessionCreate: flag.optional(),
  LegacyTimers: flag.optional(),
  MaterializeDatalessFiles: flag.optional(),
  AssociatedBundleIdentifiers: textOrTexts.optional(),
  SpawnConstraint: free.optional(),
});

/** A job as read from a plist, in Apple's spelling of the keys. */
export type JobDefinition = DeepReadonly<z.output<typeof jobSchema>>;
/** A job to be written. As {@link JobDefinition}, but `Umask` may be a string too. */
export type JobDefinitionInput = DeepReadonly<z.input<typeof jobSchema>>;

/**
 * Readonly by type only. zod's own `readonly()` freezes what it is given, wrong values too, and throws at data where a
 * dictionary should be.
 */
type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

/** Wrong values of these fail the load; any other wrong value is dropped, as launchd does. */
export const CRITICAL_KEYS: ReadonlySet<string> = new Set(['Label', 'Program', 'ProgramArguments']);

/** Keys whose values are kept as they are in the file, of whatever type: they mean nothing to this package. */
export const FREE_KEYS: ReadonlySet<string> = new Set([
  'LaunchEvents',
  'LimitLoadToHardware',
  'LimitLoadFromHardware',
  'SpawnConstraint',
]);

/** Keys launchd once knew and now ignores. */
export const OBSOLETE_KEYS: ReadonlySet<string> = new Set([
  'Debug',
  'OnDemand',
  'ServiceIPC',
  'TimeOut',
  'LimitLoadToHosts',
  'LimitLoadFromHosts',
  'HopefullyExitsFirst',
  'HopefullyExitsLast',
]);

// strtoul(3) with base 0: "0x12" is hexadecimal, "022" octal and "18" decimal.
function parseUmask(value: string): number {
  const match = /^(?:0x([0-9a-f]+)|(0[0-7]*)|([1-9][0-9]*))$/i.exec(value);
  if (match === null) return Number.NaN;
  const [, hex, octal, decimal] = match;
  const mask =
    hex !== undefined
      ? Number.parseInt(hex, 16)
      : octal !== undefined
        ? Number.parseInt(octal, 8)
        : Number(decimal);
  return mask <= 0o777 ? mask : Number.NaN;
}
