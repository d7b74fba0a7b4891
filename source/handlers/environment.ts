/** The variables that lead to a database, or to the secrets of one. */
const database = /^(DATABASE_URL|PG[A-Z]+)$/;

/** Those of them that are, or may hold, a password itself. */
const secrets = ['DATABASE_URL', 'PGPASSWORD'];

/** Secrets that are no longer in the environment: only a handler whose settings ask for one gets it. */
const withdrawn: NodeJS.ProcessEnv = {};

/** Takes the secrets out of this process's environment, so that no child gets them by inheritance, whoever starts it. */
export function withdrawSecrets(): void {
  for (const name of secrets) {
    if (process.env[name] === undefined) continue;
    withdrawn[name] = process.env[name];
    delete process.env[name];
  }
}

/**
 * The environment that a handler is given: the worker's own without the ways into its database, but for those that the asset's settings let
 * pass (`[env] pass`). Not given is not out of reach: a handler has the worker's uid (see docs/executor.md).
 */
export function handlerEnvironment(pass: readonly string[] = []): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries({ ...process.env, ...withdrawn }).filter(
      ([name]) => !database.test(name) || pass.includes(name),
    ),
  );
}
