/** Variables that name a database or hold its secrets. */
const database = /^(DATABASE_URL|PG[A-Z]+)$/;

const secrets = ['DATABASE_URL', 'PGPASSWORD'];

/** Values of `secrets` after withdrawSecrets(); only `[env] pass` hands them to a handler. */
const withdrawn: NodeJS.ProcessEnv = {};

/** Removes the secrets from this process's environment, so that no child process inherits them. */
export function withdrawSecrets(): void {
  for (const name of secrets) {
    if (process.env[name] === undefined) continue;
    withdrawn[name] = process.env[name];
    delete process.env[name];
  }
}

/**
 * The environment of a handler: the executor's own without the database's variables, except those
 * that `[env] pass` names. Not a security boundary: a handler has the executor's uid
 * (docs/executor.md).
 */
export function handlerEnvironment(pass: readonly string[] = []): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries({ ...process.env, ...withdrawn }).filter(
      ([name]) => !database.test(name) || pass.includes(name),
    ),
  );
}
