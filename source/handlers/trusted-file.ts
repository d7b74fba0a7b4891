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
const mostLinks = 40;

type Step = { path: string; found: Stats; last: boolean };

type TrustedPath = {
  real: string;
  problems: Problem[];
};

/**
 * Checks a handler's path as sshd checks its keys (safe_path): every folder from / down, and both
 * sides of every link. Each must belong to root, the executor's user or the owner of this program,
 * and be writable by no one else; the owner's private group is allowed. Sticky folders such as /tmp
 * are allowed on the way. Read-only file systems, such as a mounted ConfigMap, are always allowed.
 * Files that a handler itself reads or imports are not checked.
 * @param names paths by the names that messages use for them
 * @param strict whether the last folder must not be writable by everyone even if it is sticky
 * @throws if a part of the path cannot be read
 */
export async function followTrusted(
  path: string,
  { names, strict = false }: { names: ReadonlyMap<string, string>; strict?: boolean },
): Promise<TrustedPath> {
  // Windows has no such owners and modes.
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
 * Checks a trusted path again before it is run: null, or the reason for not running it.
 * @param real without links, from `followTrusted`
 */
export async function recheckTrust(real: string): Promise<string | null> {
  try {
    const { problems } = await followTrusted(real, { names: new Map() });
    const [first] = problems;
    return first === undefined ? null : `not run: ${first.message} (${first.hint})`;
  } catch (error) {
    return `not run: ${real} is gone since the executor started: ${messageOf(error)}`;
  }
}

/** Counts no attempt: the host is at fault, and it does not offer the asset for the time being. */
export function untrustedOutcome(message: string): Outcome {
  return { kind: 'unavailable', message, of: 'program' };
}

/** From / down, as the kernel resolves it: a relative link starts from its own folder. */
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
    if (++links > mostLinks) throw new Error(`ELOOP: too many links in ${path}`);
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
  // A link can be changed only through its folder.
  return problems.length > 0 && (await isReadOnly(link ? dirname(path) : path)) ? [] : problems;
}

/** @param found `anyone`: everyone may write; `group`: this group may write */
export function ownershipProblems(
  found: { uid: number; link: boolean; anyone: boolean; group: number | null },
  { user, trusted }: { user: number; trusted: readonly number[] },
  shown: string,
): Problem[] {
  const problems: Problem[] = [];
  if (!trusted.includes(found.uid)) {
    problems.push({
      message: `${shown} belongs to another user (uid ${found.uid}), who could change the handler`,
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

/** It does not change while the process runs. */
let thisProgram: Promise<Program> | undefined;

function program(): Promise<Program> {
  thisProgram ??= realpath(packageRoot).then(async (root) => {
    const { uid, gid, mode } = await stat(root);
    return { root, uid, writers: (mode & groupMayWrite) === 0 ? null : gid };
  });
  return thisProgram;
}

/** Whether the group could change this program itself anyway. */
async function holdsProgram(path: string, gid: number): Promise<boolean> {
  const { root, writers } = await program();
  if (path === root || root.startsWith(join(path, sep))) return true;
  return writers === gid && path.startsWith(join(root, sep));
}
