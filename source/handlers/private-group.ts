import { execFile } from 'node:child_process';
import type { Stats } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Whether a path has an access list, valid for this inode and change time. One entry for each path
 * of the handler directory, for the life of the executor.
 */
const accessLists = new Map<string, { stamp: string; listed: Promise<boolean> }>();

/**
 * Whether group write access is the owner's alone: the group is the owner's private one (same name,
 * primary group, no other member; common with umask 002) and the path has no access list. With an
 * access list the group bits are its mask. Only `ls` shows one (`+`); if it cannot, the answer is
 * no.
 */
export async function isPrivateToOwner(path: string, found: Stats): Promise<boolean> {
  return (await isPrivateGroup(found)) && !(await hasAccessList(path, found));
}

async function isPrivateGroup({ uid, gid }: Stats): Promise<boolean> {
  const [users, groups] = await Promise.all([entries('/etc/passwd'), entries('/etc/group')]);
  return isPrivate({ uid, gid }, users, groups);
}

/**
 * Reads the system's files: a group that only a directory service knows is not private.
 * @param users fields of /etc/passwd
 * @param groups fields of /etc/group
 */
export function isPrivate(
  { uid, gid }: { uid: number; gid: number },
  users: readonly string[][],
  groups: readonly string[][],
): boolean {
  const group = groups.find((fields) => fields[2] === String(gid));
  const owners = users.filter((fields) => fields[3] === String(gid));
  if (group === undefined || owners.length !== 1) return false;
  const [name, , id] = owners[0]!;
  const members = (group[3] ?? '').split(',').filter((member) => member !== '' && member !== name);
  return id === String(uid) && group[0] === name && members.length === 0;
}

async function entries(file: string): Promise<string[][]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\n').map((line) => line.split(':'));
}

function hasAccessList(path: string, { ino, ctimeMs }: Stats): Promise<boolean> {
  const stamp = `${ino} ${ctimeMs}`;
  const last = accessLists.get(path);
  if (last?.stamp === stamp) return last.listed;
  const listed = askList(path);
  accessLists.set(path, { stamp, listed });
  return listed;
}

/** `--time-style` is GNU only: an `ls` that may not show access lists rejects it. */
function askList(path: string): Promise<boolean> {
  return run('ls', ['-ld', '--time-style=+', '--', path], { timeout: 10_000 }).then(
    ({ stdout }) => stdout.charAt(10) === '+',
    () => true,
  );
}
