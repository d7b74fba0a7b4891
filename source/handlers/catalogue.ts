import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { access, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { extname, join, parse, resolve } from 'node:path';
import { messageOf, type Problem, ServoError, UsageError } from '../errors.ts';
import { type AssetSettings, noSettings } from './asset-settings.ts';
import { executableHandler } from './executable.ts';
import type { Catalogue, Handler } from './handler.ts';
import { httpHandler } from './http.ts';
import { lineageProblems } from './lineage.ts';
import { followTrusted } from './trusted-file.ts';

/** A handler or settings file and its asset; `real` is its path without links, which is run. */
type File = { asset: string; path: string; real: string; shown: string };

type Reader = (file: File, settings: AssetSettings) => Handler | Promise<Handler>;

const readSql: Reader = async ({ asset, real }, settings) => {
  return { asset, kind: 'sql', sql: await readFile(real, 'utf8'), settings };
};

const readModule: Reader = ({ asset, real }, settings) => {
  return { asset, kind: 'module', path: real, settings };
};

const readExecutable: Reader = ({ asset, real }, settings) => {
  return executableHandler(asset, real, settings);
};

/** Readers by file extension; any other executable file is a handler too. */
const readers: Readonly<Record<string, Reader>> = {
  '.sql': readSql,
  '.js': readModule,
  '.mjs': readModule,
};

/** Documentation, and files that modules need. */
const noHandlers = /^(\..*|.*\.md|package(-lock)?\.json)$/i;

/** The kinds of handlers that get environment variables. */
const seeVariables: ReadonlySet<Handler['kind']> = new Set(['module', 'executable']);

/**
 * Reads a handler directory: one file per asset, named after it (docs/executor.md, "Handlers").
 * Hidden files, Markdown, package.json and subdirectories are ignored. It is read once: changes
 * take effect when the executor is started again.
 * @throws UsageError with every mistake in the directory
 */
export async function loadCatalogue(directory: string): Promise<Catalogue> {
  const { folder, names } = await listFiles(directory);
  const given = new Map([[resolve(directory), directory]]);
  const { problems } = await followTrusted(resolve(directory), { names: given, strict: true });
  const handlers = new Map<string, File[]>();
  const settings = new Map<string, File>();
  for (const name of names) {
    const path = join(folder, name);
    const file = { asset: parse(name).name, path, real: path, shown: join(directory, name) };
    try {
      const names = new Map([...given, [join(resolve(directory), name), file.shown]]);
      const followed = await followTrusted(path, { names });
      file.real = followed.real;
      problems.push(...followed.problems.filter(({ message }) => !includes(problems, message)));
    } catch (error) {
      // A dangling link is a mistake; a file that is gone by now is not.
      if (!isGone(error) || error.path !== path) problems.push(unreadable(file, error));
      continue;
    }
    if (extname(name) === '.toml') settings.set(file.asset, file);
    else handlers.set(file.asset, [...(handlers.get(file.asset) ?? []), file]);
  }
  const catalogue = new Map<string, Handler>();
  for (const asset of [...new Set([...handlers.keys(), ...settings.keys()])].sort()) {
    const files = handlers.get(asset) ?? [];
    const handler = await readAsset(asset, files, settings.get(asset), problems);
    if (handler !== null) {
      const read = [files[0], settings.get(asset)].flatMap((file) => file?.real ?? []);
      const digest = await digestOf(read).catch((error) => {
        if (isGone(error)) return null;
        throw error;
      });
      if (digest !== null) catalogue.set(asset, { ...handler, digest });
    }
    if (files.length > 1) {
      problems.push({
        message: `${directory} has two handlers for ${asset}`,
        hint: 'keep one file per asset',
      });
    }
  }
  problems.push(...lineageProblems(catalogue));
  if (problems.length > 0) throw new UsageError(problems);
  if (catalogue.size === 0) {
    throw new ServoError('usage', `${directory} has no handlers`, {
      hint: 'add one file per asset: <asset>.sql, <asset>.js or an executable file',
    });
  }
  return catalogue;
}

/** A problem with a parent folder shows up for each file in it. */
function includes(problems: readonly Problem[], message: string): boolean {
  return problems.some((problem) => problem.message === message);
}

/** Resolves links first: switching a link to another release does not affect this process. */
async function listFiles(directory: string): Promise<{ folder: string; names: string[] }> {
  try {
    const folder = await realpath(directory);
    const entries = await readdir(folder, { withFileTypes: true });
    const names = entries
      .filter((entry) => !entry.isDirectory() && !noHandlers.test(entry.name))
      .map((entry) => entry.name)
      .sort();
    return { folder, names };
  } catch (error) {
    throw new ServoError(
      'usage',
      `cannot read the handler directory ${directory}: ${messageOf(error)}`,
      { hint: 'name a readable directory with --handlers DIR', cause: error },
    );
  }
}

async function readAsset(
  asset: string,
  files: readonly File[],
  file: File | undefined,
  problems: Problem[],
): Promise<Handler | null> {
  const settings = file === undefined ? noSettings : await readSettings(file, problems);
  const found = await Promise.all(files.map((code) => readCode(code, settings, problems)));
  const handler = found.find((one) => one !== null) ?? null;
  if (file === undefined || settings === noSettings) return handler;
  const { http } = settings;
  if (files.length === 0 && http === null) {
    problems.push({
      message: `${file.shown} has settings for ${asset}, which has no handler`,
      hint: `add the handler, such as ${asset}.sql, or set an endpoint: [http] url`,
    });
  }
  if (files.length > 0 && http !== null) {
    problems.push({
      message: `${asset} has two handlers: ${files[0]!.shown} and [http] in ${file.shown}`,
      hint: 'keep one of them',
    });
  }
  const kept = handler ?? (http === null ? null : httpHandler(asset, http, settings));
  if (kept !== null && settings.pass.length > 0 && !seeVariables.has(kept.kind)) {
    problems.push({
      message: `${file.shown}: [env] has no effect: handlers of kind ${kept.kind} get no variables`,
    });
  }
  return kept;
}

async function readSettings(file: File, problems: Problem[]): Promise<AssetSettings> {
  try {
    const text = await readFile(file.real, 'utf8');
    const { parseSettings } = await import('./settings-file.ts');
    const read = parseSettings(text, process.env);
    for (const { message, hint } of read.problems) {
      problems.push({ message: `${file.shown}: ${message}`, hint });
    }
    return read.settings;
  } catch (error) {
    problems.push(unreadable(file, error));
    return noSettings;
  }
}

async function readCode(
  file: File,
  settings: AssetSettings,
  problems: Problem[],
): Promise<Handler | null> {
  const read = readers[extname(file.path)] ?? (await executableReader(file.real));
  if (read) {
    try {
      return await read(file, settings);
    } catch (error) {
      if (isGone(error)) return null;
      problems.push(unreadable(file, error));
      return null;
    }
  }
  if (read === undefined) return null;
  problems.push({
    message: `${file.shown} is not a handler`,
    hint: 'expected <asset>.sql, <asset>.js, <asset>.mjs or an executable file (chmod +x)',
  });
  return null;
}

/** A hash of the files' contents; empty if one of them can no longer be read. */
async function digestOf(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  try {
    for (const path of paths) for await (const chunk of createReadStream(path)) hash.update(chunk);
    return hash.digest('hex');
  } catch {
    return '';
  }
}

/** Removed since the directory was listed, for example by a roll-out. */
function isGone(error: unknown): error is NodeJS.ErrnoException {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

function unreadable({ shown }: File, error: unknown): Problem {
  return { message: `cannot read ${shown}: ${messageOf(error)}` };
}

async function executableReader(path: string): Promise<Reader | null | undefined> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile() ? readExecutable : null;
  } catch (error) {
    return isGone(error) ? undefined : null;
  }
}
