/** Lint rules about files: the plist itself, and those it names. */
import { constants } from 'node:fs';
import { access, lstat, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { LaunchdSystem, PlistFinding } from './plist-finding.js';
import type { JobDefinition } from './plist-schema.js';

const WRITABLE_BY_OTHERS = 0o022;

/** The plist: kind, owner, mode, name and place. */
export async function fileFindings(
  path: string,
  uid: number,
  system: LaunchdSystem,
): Promise<PlistFinding[]> {
  const findings: PlistFinding[] = [];
  const add = (severity: PlistFinding['severity'], message: string, hint: string) =>
    void findings.push({ severity, message, hint });
  const file = await lstat(path).catch(() => undefined);
  if (file === undefined)
    add('info', `${path} does not exist: owner and mode are not checked`, 'Write it first.');
  else {
    const real = file.isSymbolicLink() ? await stat(path).catch(() => file) : file;
    const mode = (real.mode & 0o7777).toString(8).padStart(4, '0');
    if (!real.isFile()) add('error', `${path} is not a regular file`, 'Name the plist itself.');
    else if (real !== file)
      add('warning', `${path} is a symbolic link`, 'Put the plist itself there; macOS may refuse a link.');
    if (real.uid !== uid && real.uid !== 0)
      add('error', `${path} belongs to user ${real.uid}: launchd refuses it`, `Run chown ${uid} on it.`);
    if ((real.mode & WRITABLE_BY_OTHERS) !== 0)
      add('error', `${path} has mode ${mode}: launchd refuses it`, 'Run chmod go-w on it.');
  }
  if (!path.endsWith('.plist'))
    add('warning', `${path} does not end in .plist: launchd finds no such file by itself`, 'Rename it.');
  if (system === 'darwin' && path.startsWith('/Volumes/'))
    add('warning', `${path} is on an external volume, from which launchd takes no job`, 'Move it.');
  return findings;
}

/** The program, and the paths of the job's streams and directories. */
export async function pathFindings(definition: JobDefinition): Promise<PlistFinding[]> {
  const { StandardInPath, StandardOutPath, StandardErrorPath, WorkingDirectory, RootDirectory } = definition;
  const findings = await programFindings(definition);
  const paths = { StandardInPath, StandardOutPath, StandardErrorPath, WorkingDirectory, RootDirectory };
  for (const [key, path] of Object.entries(paths)) {
    if (path === undefined) continue;
    if (!path.startsWith('/')) {
      const isShell = /^~|\$/.test(path);
      findings.push({
        severity: isShell ? 'error' : 'warning',
        key,
        message: isShell
          ? `${key} ${path}: launchd expands neither ~ nor variables`
          : `${key} ${path} is relative, and counts from /`,
        hint: 'Write an absolute path.',
      });
      continue;
    }
    // In a root of its own the job sees other files than we do.
    if (RootDirectory !== undefined && key !== 'RootDirectory') continue;
    const directory = key.endsWith('Directory') ? path : dirname(path);
    const found = await stat(directory).catch(() => undefined);
    if (found?.isDirectory() === true) continue;
    findings.push({
      severity: 'error',
      key,
      message: `${key} ${path}: ${directory} is no directory, so the job cannot be started`,
      hint: 'Make the directory; launchd does not.',
    });
  }
  return findings;
}

async function programFindings(definition: JobDefinition): Promise<PlistFinding[]> {
  const { Program, ProgramArguments, RootDirectory } = definition;
  const key = Program === undefined ? 'ProgramArguments' : 'Program';
  const program = Program ?? ProgramArguments?.[0] ?? '';
  if (!program.startsWith('/')) {
    const isShell = /^~|\$/.test(program);
    return [
      {
        severity: isShell ? 'error' : 'warning',
        key,
        message: isShell
          ? `${key} ${program}: launchd expands neither ~ nor variables`
          : `${key} ${program} is relative: it is searched for in the standard path only`,
        hint: 'Write an absolute path.',
      },
    ];
  }
  if (RootDirectory !== undefined) return [];
  const found = await stat(program).catch(() => undefined);
  const fail = (message: string, hint: string): PlistFinding[] => [{ severity: 'error', key, message, hint }];
  if (found === undefined)
    return fail(`${key} ${program} does not exist`, 'Install it, or correct the path.');
  if (!found.isFile()) return fail(`${key} ${program} is no file`, 'Name the program itself.');
  const isExecutable = await access(program, constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!isExecutable) return fail(`${key} ${program} cannot be executed`, 'Run chmod +x on it.');
  if ((found.mode & WRITABLE_BY_OTHERS) === 0) return [];
  return [
    {
      severity: 'warning',
      key,
      message: `${key} ${program} may be written by others, who then run what they like as this job`,
      hint: 'Run chmod go-w on it.',
    },
  ];
}
