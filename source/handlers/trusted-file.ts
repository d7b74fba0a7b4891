import { constants, type Stats } from 'node:fs';
import { access, lstat, readlink, realpath, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import type { Outcome } from '../domain/partition/attempt.ts';
import { messageOf, type Problem } from '../errors.ts';
import { packageRoot } from '../package.ts';
import { isPrivateToOwner } from './private-group.ts';

const groupMayWrite = 0o020;
const anyoneMayWrite = 0o002;
const sticky = 0o1000;
/** As Linux: a longer chain of links is taken for a circle. */
const mostLinks = 40;

/** One file, folder or link that a path leads through, and whether it is the last. */
type Step = { path: string; found: Stats; last: boolean };

export type TrustedPath = {
  /** Without links: what was judged, and what is to be run. */
  real: string;
  problems: Problem[];
};

/**
 * What keeps a handler's path from being trusted. A handler runs with the worker's rights, so nobody may be able to change it but root,
 * the user that the worker runs as, and the owner of this program, who could change that as well. As sshd does
 * (safe_path), every folder from / down is judged, and every link with both of its sides: each belongs to one of the
 * three, and no group (but the owner's private one) nor anyone may write to it. A folder that all may write to is fine on the way
 * where it is sticky, as /tmp: what stands in it is only its owner's to change. On a read-only file system, as a
 * volume that holds a ConfigMap, nobody can change anything. What a handler itself reads or imports is not looked at.
 * Throws where it cannot be read.
 *
 * @param names how to call paths on the way; others are called as they are
 * @param strict the last one must not be a folder that all may write to either, sticky or not
 */
export async function followTrusted(
  path: string,
  { names, strict = false }: { names: ReadonlyMap<string, string>; strict?: boolean },
): Promise<TrustedPath> {
  // There are no such owners and modes on Windows.
  if (process.getuid === undefined) return { real: await realpath(path), problems: [] };
  const problems: Problem[] = [];
  let real: string = sep;
  for await (const step of steps(resolve(path))) {
    const found = await problemsOf(step, strict && step.last, names.get(step.path) ?? step.path);
    problems.push(...found);
    if (!step.found.isSymbolicLink()) real = step.path;
  }
  return { real, problems };
}

/**
 * Looks again at a path that was trusted, before it is run: null, or why it is not any more. One stat of each folder on the way.
 * @param real without links, as `followTrusted` answers it
 */
export async function recheckTrust(real: string): Promise<string | null> {
  try {
    const { problems } = await followTrusted(real, { names: new Map() });
    const [first] = problems;
    return first === undefined ? null : `not run: ${first.message} (${first.hint})`;
  } catch (error) {
    return `not run: ${real} was there when the worker started: ${messageOf(error)}`;
  }
}

/** The host's trouble, not the handler's: it costs no attempt, and the asset is not offered meanwhile. */
export function untrustedOutcome(message: string): Outcome {
  return { kind: 'unavailable', message, of: 'program' };
}

/** From / down, as the kernel goes: a link leads on from the folder that it stands in. */
async function* steps(path: string): AsyncGenerator<Step> {
  const ahead = partsOf(path);
  let at: string = sep;
  let links = 0;
  yield { path: at, found: await lstat(at), last: ahead.length === 0 };
  while (ahead.length > 0) {
    const part = ahead.shift()!;
    if (part === '..') {
      at = dirname(at);
      continue;
    }
    const next = join(at, part);
    const found = await lstat(next);
    yield { path: next, found, last: ahead.length === 0 && !found.isSymbolicLink() };
    if (!found.isSymbolicLink()) {
      at = next;
      continue;
    }
    if (++links > mostLinks) throw new Error(`ELOOP: too many links, ${path}`);
    const target = await readlink(next);
    ahead.unshift(...partsOf(target));
    if (target.startsWith(sep)) at = sep;
  }
}

function partsOf(path: string): string[] {
  return path.split(sep).filter((part) => part !== '' && part !== '.');
}

async function problemsOf(
  { path, found }: Step,
  strict: boolean,
  shown: string,
): Promise<Problem[]> {
  const { uid, gid, mode } = found;
  const link = found.isSymbolicLink();
  const shared = found.isDirectory() && !strict && (mode & sticky) !== 0;
  const open = !link && !shared;
  const byGroup = open && (mode & groupMayWrite) !== 0;
  const excused =
    !byGroup || (await holdsProgram(path, gid)) || (await isPrivateToOwner(path, found));
  const user = process.getuid!();
  const problems = ownershipProblems(
    { uid, link, anyone: open && (mode & anyoneMayWrite) !== 0, group: excused ? null : gid },
    { user, trusted: [0, user, (await program()).uid] },
    shown,
  );
  // Whether a link can be changed is a matter of the folder that it stands in.
  return problems.length > 0 && (await isReadOnly(link ? dirname(path) : path)) ? [] : problems;
}

/** @param found `anyone` may write to it, or the members of the `group` */
export function ownershipProblems(
  found: { uid: number; link: boolean; anyone: boolean; group: number | null },
  { user, trusted }: { user: number; trusted: readonly number[] },
  shown: string,
): Problem[] {
  const problems: Problem[] = [];
  if (!trusted.includes(found.uid)) {
    problems.push({
      message: `${shown} belongs to another user (uid ${found.uid}), who could change what runs here`,
      hint: `chown ${found.link ? '-h ' : ''}${user} ${shown}`,
    });
  }
  if (found.anyone) {
    problems.push({ message: `${shown} can be changed by anyone`, hint: `chmod go-w ${shown}` });
  } else if (found.group !== null) {
    problems.push({
      message: `${shown} can be changed by its group (gid ${found.group}), or by an access list`,
      hint: `chmod g-w ${shown}`,
    });
  }
  return problems;
}

function isReadOnly(path: string): Promise<boolean> {
  return access(path, constants.W_OK).then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code === 'EROFS',
  );
}

type Program = { root: string; uid: number; writers: number | null };

let known: Promise<Program> | undefined;

/** Where this program is, whose it is, and the group that may change it. */
function program(): Promise<Program> {
  known ??= realpath(packageRoot).then(async (root) => {
    const { uid, gid, mode } = await stat(root);
    return { root, uid, writers: (mode & groupMayWrite) === 0 ? null : gid };
  });
  return known;
}

/** Whether the group could change the program itself as well: on the way to it, or as far as the group may write there. */
async function holdsProgram(path: string, gid: number): Promise<boolean> {
  const { root, writers } = await program();
  if (path === root || root.startsWith(join(path, sep))) return true;
  return writers === gid && path.startsWith(join(root, sep));
}
