/** Users and groups by the names that the container itself gives them. */
import { routeError } from '../../../sdk/index.js';
import { readInside } from './read-inside.js';

/** Who a process runs as. */
export interface ContainerUser {
  readonly uid: number;
  readonly gid: number;
  /** Other groups that the container's /etc/group has the user in. */
  readonly groups: readonly number[];
  /** The user's directory, as far as known. */
  readonly home?: string;
}

interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/** The highest id there is; one more means none. */
const MAX_ID = 0xffff_fffe;

/**
 * Looks up `USER[:GROUP]`, each a name or a number, in the container's /etc/passwd and /etc/group; empty is root. A
 * number need not be in there: its group is then 0.
 * @throws LaunchportError `invalidArgument` for a name that the container does not know
 */
export async function findUser(root: string, userString: string): Promise<ContainerUser> {
  const [userText = '', groupText] = split(userString.trim());
  const passwd = await passwdOf(root);
  const groups = await groupsOf(root);
  const wanted = userText === '' ? '0' : userText;
  const entry = passwd.find(({ name }) => name === wanted) ?? passwd.find(({ uid }) => uid === idOf(wanted));
  const uid = entry?.uid ?? idOf(wanted);
  if (uid === undefined) throw unknown('user', userText, '/etc/passwd');
  if (groupText !== undefined && groupText !== '') {
    const gid = groups.find(({ name }) => name === groupText)?.gid ?? idOf(groupText);
    if (gid === undefined) throw unknown('group', groupText, '/etc/group');
    return { uid, gid, groups: [], ...homeOf(entry) };
  }
  const others = groups.filter(({ gid, members }) => {
    return entry !== undefined && gid !== entry.gid && members.includes(entry.name);
  });
  return { uid, gid: entry?.gid ?? 0, groups: others.map(({ gid }) => gid), ...homeOf(entry) };
}

/** The user's directory by number. Undefined when the container does not say. */
export async function homeOfUser(root: string, uid: number): Promise<string | undefined> {
  return (await passwdOf(root)).find((entry) => entry.uid === uid)?.home;
}

async function passwdOf(root: string): Promise<PasswdEntry[]> {
  return (await lines(root, '/etc/passwd')).flatMap(([name, , uidText, gidText, , home]) => {
    const [uid, gid] = [idOf(uidText ?? ''), idOf(gidText ?? '')];
    return name && uid !== undefined && gid !== undefined ? [{ name, uid, gid, home: home ?? '' }] : [];
  });
}

async function groupsOf(root: string): Promise<GroupEntry[]> {
  return (await lines(root, '/etc/group')).flatMap(([name, , gidText, members]) => {
    const gid = idOf(gidText ?? '');
    return name && gid !== undefined ? [{ name, gid, members: (members ?? '').split(',') }] : [];
  });
}

async function lines(root: string, path: string): Promise<string[][]> {
  const text = await readInside(root, path);
  return (text ?? '').split('\n').map((line) => line.trim().split(':'));
}

function split(text: string): readonly [string, string?] {
  const at = text.indexOf(':');
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function homeOf(entry: PasswdEntry | undefined): { readonly home?: string } {
  return entry === undefined || entry.home === '' ? {} : { home: entry.home };
}

function idOf(text: string): number | undefined {
  if (!/^\d{1,10}$/.test(text)) return undefined;
  const id = Number(text);
  return id <= MAX_ID ? id : undefined;
}

function unknown(what: 'user' | 'group', name: string, file: string): Error {
  return routeError('invalidArgument', `the container has no ${what} ${JSON.stringify(name.slice(0, 128))}`, {
    hint: `Name one of its ${file}, or a number.`,
  });
}
