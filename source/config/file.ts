import type { Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { nearest } from '../domain/text/nearest.ts';
import type { Thresholds } from '../domain/triage/thresholds.ts';
import { messageOf, type Problem, UsageError } from '../errors.ts';
import { type Hue, hues, isHue } from '../presentation/text/hue.ts';
import { readThresholds } from './thresholds.ts';

export type Context = {
  database_url?: string;
  write_url?: string;
  tenant?: string;
  read_only?: boolean;
  accent?: Hue;
  embedded?: boolean;
  thresholds?: Partial<Thresholds>;
};

export type ConfigFile = {
  path: string;
  /** The context to use if neither a flag nor the environment names a database. */
  fallback: string | null;
  contexts: Readonly<Record<string, Context>>;
  /** [keys]: the console's keys by action. */
  keys: Readonly<Record<string, string>>;
  /** [thresholds]: for all contexts, and without one. */
  thresholds: Partial<Thresholds>;
};

const keys: Readonly<Record<keyof Context, 'string' | 'boolean' | 'table'>> = {
  database_url: 'string',
  write_url: 'string',
  tenant: 'string',
  read_only: 'boolean',
  accent: 'string',
  embedded: 'boolean',
  thresholds: 'table',
};

export function configPath(env: Readonly<Record<string, string | undefined>>): string {
  return join(env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'servo-tui', 'config.toml');
}

/**
 * Reads `$XDG_CONFIG_HOME/servo-tui/config.toml`. A missing file counts as an empty one.
 * @throws UsageError with every mistake in the file
 */
export async function loadConfigFile(
  env: Readonly<Record<string, string | undefined>>,
): Promise<ConfigFile> {
  const path = configPath(env);
  let text: string;
  let found: Stats;
  try {
    const file = await open(path);
    try {
      // The stat of the open file, which may differ from the one at the path by now.
      [text, found] = [await file.readFile('utf8'), await file.stat()];
    } finally {
      await file.close();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return emptyFile(path);
    throw new UsageError([{ message: `cannot read ${path}: ${messageOf(error)}` }]);
  }
  // Imported here: most hosts have no such file, and every command pays for the import.
  const { parse } = await import('smol-toml');
  try {
    const config = readConfig(path, parse(text));
    const problem = passwordProblem(config, found);
    if (problem !== null) throw new UsageError([problem]);
    return config;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    // The parser quotes the line, which may hold a password: only line and column are reported.
    const { line, column } = error as { line?: number; column?: number };
    throw new UsageError([
      { message: `${path} is not valid TOML (line ${line}, column ${column})` },
    ]);
  }
}

const password = /^\w+:\/\/[^/@?]*:[^@]+@|[?&]password=./;

/**
 * Like libpq's check of ~/.pgpass: only the owner may read a file with a password. One of root may
 * be readable by its group, like a mounted secret. Windows has no such modes.
 */
function passwordProblem({ path, contexts }: ConfigFile, { uid, mode }: Stats): Problem | null {
  const user = process.getuid?.();
  if (user === undefined) return null;
  const [name] =
    Object.entries(contexts).find(([, { database_url: read, write_url: write }]) =>
      [read, write].some((url) => url !== undefined && password.test(url)),
    ) ?? [];
  if (name === undefined) return null;
  if (uid !== user && uid !== 0) {
    const message = `${path} holds a password (context "${name}") and belongs to another user (uid ${uid})`;
    return { message, hint: `chown ${user} ${path}` };
  }
  const others = mode & (uid === 0 && user !== 0 ? 0o037 : 0o077);
  if (others === 0) return null;
  const access = (others & 0o022) === 0 ? 'can be read by others' : 'can be changed by others';
  const message = `${path} holds a password (context "${name}") and ${access} (mode 0${(mode & 0o777).toString(8)})`;
  return { message, hint: `chmod 600 ${path}` };
}

export function emptyFile(path: string): ConfigFile {
  return { path, fallback: null, contexts: {}, keys: {}, thresholds: {} };
}

/**
 * `default = "prod"` names the default context; other tables but thresholds and keys are contexts.
 */
export function readConfig(path: string, document: Record<string, unknown>): ConfigFile {
  const problems: Problem[] = [];
  const contexts: Record<string, Context> = {};
  let fallback: string | null = null;
  let thresholds: Partial<Thresholds> = {};
  let keymap: Record<string, string> = {};
  for (const [name, section] of Object.entries(document)) {
    if (name === 'default' && typeof section === 'string') fallback = section;
    else if (name === 'thresholds' && isTable(section))
      thresholds = readThresholds(section, `[thresholds] in ${path}`, problems);
    else if (name === 'keys' && isTable(section)) keymap = readKeys(section, path, problems);
    else if (isTable(section)) contexts[name] = readContext(name, section, path, problems);
    else {
      problems.push({
        message: `"${name}" in ${path} is not a context`,
        hint: 'a context is a table, as in [prod]; the default one is named by default = "prod"',
      });
    }
  }
  if (fallback === null && Object.hasOwn(contexts, 'default')) fallback = 'default';
  if (problems.length > 0) throw new UsageError(problems);
  return { path, fallback, contexts, keys: keymap, thresholds };
}

function readKeys(
  section: Record<string, unknown>,
  path: string,
  problems: Problem[],
): Record<string, string> {
  const read: Record<string, string> = {};
  for (const [name, key] of Object.entries(section)) {
    if (typeof key === 'string') read[name] = key;
    else problems.push({ message: `${name} in [keys] in ${path} must be a string` });
  }
  return read;
}

function readContext(
  name: string,
  section: Record<string, unknown>,
  path: string,
  problems: Problem[],
): Context {
  const context: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(section)) {
    const type = Object.hasOwn(keys, key) ? keys[key as keyof Context] : undefined;
    if (type === undefined) {
      const near = nearest(key, Object.keys(keys));
      problems.push({
        message: `unknown setting "${key}" in context "${name}" in ${path}`,
        hint:
          near === null
            ? `known settings: ${Object.keys(keys).join(', ')}`
            : `did you mean ${near}?`,
      });
    } else if (type === 'table' && isTable(value)) {
      context[key] = readThresholds(value, `[${name}.${key}] in ${path}`, problems);
    } else if (key === 'accent' && typeof value === type && !isHue(String(value))) {
      problems.push({
        message: `invalid accent "${value}" of context "${name}" in ${path}`,
        hint: `expected one of ${hues.join(', ')}`,
      });
    } else if (typeof value !== type) {
      problems.push({ message: `${key} of context "${name}" in ${path} must be a ${type}` });
    } else context[key] = value;
  }
  return context;
}

function isTable(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
  );
}
