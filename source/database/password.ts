import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** What a password is looked up by; of several hosts, the connected one. */
export type Login = { host: string; port: number; database: string; user: string };

/**
 * The password of a login as libpq finds it: PGPASSWORD, else the first matching line of the
 * password file (PGPASSFILE, else ~/.pgpass); undefined if there is none.
 */
export async function passwordFor(
  login: Login,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string | undefined> {
  if (env.PGPASSWORD) return env.PGPASSWORD;
  const path = env.PGPASSFILE || join(homedir(), '.pgpass');
  return findPassword(await readPasswordFile(path), login);
}

/** Lines `host:port:database:user:password`; a field may be `*` or contain `\:` and `\\`. */
export function findPassword(text: string, login: Login): string | undefined {
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith('#')) continue;
    const [host, port, database, user, password] = fieldsOf(line);
    if (password === undefined || password === '') continue;
    const matches =
      (host === '*' || host === login.host || (host === 'localhost' && login.host[0] === '/')) &&
      (port === '*' || port === String(login.port)) &&
      (database === '*' || database === login.database) &&
      (user === '*' || user === login.user);
    if (matches) return password;
  }
  return undefined;
}

function fieldsOf(line: string): string[] {
  const fields = line.match(/(?:^|:)((?:\\.|[^\\:])*)/g) ?? [];
  return fields.map((field) => field.replace(/^:/, '').replace(/\\(.)/g, '$1'));
}

const warned = new Set<string>();

/** Empty if the file is missing or readable by others: libpq ignores such a file too. */
async function readPasswordFile(path: string): Promise<string> {
  try {
    const found = await stat(path);
    if (!found.isFile()) return '';
    if (process.platform !== 'win32' && (found.mode & 0o077) !== 0) {
      if (!warned.has(path)) {
        process.stderr.write(
          `ignoring the password file ${path}: others can read it. Run: chmod 600 ${path}\n`,
        );
      }
      warned.add(path);
      return '';
    }
    return await readFile(path, 'utf8');
  } catch {
    return '';
  }
}
