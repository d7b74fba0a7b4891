import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Problem } from '../errors.ts';
import { packageRoot } from '../package.ts';

const othersMayWrite = 0o002;
const sticky = 0o1000;

/**
 * What keeps a handler file or directory from being trusted: it runs with the worker's rights and environment, so nobody may be able to
 * change it but root, the user that the worker runs as, and whoever owns this program, who could change that as well.
 * A link is judged by what it leads to. What a handler itself reads or imports is not looked at.
 * Throws where it cannot be read. @param shown how to call it
 */
export async function trustProblems(path: string, shown: string): Promise<Problem[]> {
  const real = await realpath(path);
  const problems = await problemsOf(real, shown, othersMayWrite);
  const folder = dirname(real);
  if (folder === (await realpath(dirname(path)))) return problems;
  // Whoever may write there can put another file in its place, unless it is as /tmp.
  return [...problems, ...(await problemsOf(folder, folder, othersMayWrite | sticky))];
}

async function problemsOf(path: string, shown: string, bits: number): Promise<Problem[]> {
  // There are no such owners and modes on Windows.
  if (process.getuid === undefined) return [];
  const user = process.getuid();
  const { uid, mode } = await stat(path);
  const open = (mode & bits) === othersMayWrite;
  const problems = judge({ uid, open }, { user, trusted: [0, user, await programOwner()] }, shown);
  return problems.length > 0 && (await isReadOnly(path)) ? [] : problems;
}

/** @param open anyone may write to it */
export function judge(
  found: { uid: number; open: boolean },
  { user, trusted }: { user: number; trusted: readonly number[] },
  shown: string,
): Problem[] {
  const problems: Problem[] = [];
  if (!trusted.includes(found.uid)) {
    problems.push({
      message: `${shown} belongs to another user (uid ${found.uid}), who could change what runs here`,
      hint: `chown ${user} ${shown}`,
    });
  }
  if (found.open) {
    problems.push({ message: `${shown} can be changed by anyone`, hint: `chmod o-w ${shown}` });
  }
  return problems;
}

/** As a volume that holds a ConfigMap, where everything has mode 0777, and nobody can change anything. */
function isReadOnly(path: string): Promise<boolean> {
  return access(path, constants.W_OK).then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code === 'EROFS',
  );
}

async function programOwner(): Promise<number> {
  return (await stat(packageRoot)).uid;
}
