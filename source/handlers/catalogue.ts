import { constants } from 'node:fs';
import { access, readdir, readFile, stat } from 'node:fs/promises';
import { join, parse, resolve } from 'node:path';
import { messageOf, type Problem, ServoError, UsageError } from '../errors.ts';
import { executableHandler } from './executable.ts';
import type { Catalogue, Handler } from './handler.ts';

/**
 * Reads a handler directory: one file per asset, named after it. `.sql` runs in the database; a file that may
 * be executed is run. Hidden files and Markdown are not handlers. Commands come from this disk, never from the database.
 * Throws `usage`, with every mistake there is.
 */
export async function loadCatalogue(directory: string): Promise<Catalogue> {
  const folder = resolve(directory);
  const catalogue = new Map<string, Handler>();
  const problems: Problem[] = [];
  for (const file of await listFiles(folder, directory)) {
    const path = join(folder, file);
    const asset = parse(file).name;
    const handler = await readHandler(asset, path);
    if (handler === null) {
      problems.push({
        message: `${join(directory, file)} is not a kind of handler`,
        hint: 'a handler is <asset>.sql, or a file that may be executed (chmod +x)',
      });
    } else if (asset.length > 255) {
      problems.push({
        message: `${join(directory, file)}: an asset's name has at most 255 characters`,
      });
    } else if (catalogue.has(asset)) {
      problems.push({
        message: `${directory} has two handlers for ${asset}`,
        hint: 'keep one file per asset',
      });
    } else {
      catalogue.set(asset, handler);
    }
  }
  if (problems.length > 0) throw new UsageError(problems);
  if (catalogue.size === 0) {
    throw new ServoError('usage', `${directory} has no handlers`, {
      hint: 'put one file per asset there: <asset>.sql, or a file that may be executed',
    });
  }
  return catalogue;
}

async function listFiles(folder: string, directory: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter(
        (entry) =>
          !entry.isDirectory() && !entry.name.startsWith('.') && !/\.md$/i.test(entry.name),
      )
      .map((entry) => entry.name)
      .sort();
  } catch (error) {
    throw new ServoError(
      'usage',
      `cannot read the handler directory ${directory}: ${messageOf(error)}`,
      {
        hint: 'name one with --handlers DIR',
        cause: error,
      },
    );
  }
}

async function readHandler(asset: string, path: string): Promise<Handler | null> {
  if (path.endsWith('.sql')) return { asset, kind: 'sql', sql: await readFile(path, 'utf8') };
  const executable = await access(path, constants.X_OK).then(
    async () => (await stat(path)).isFile(),
    () => false,
  );
  return executable ? executableHandler(asset, path) : null;
}
