/** The variables that lead to a database, or to the secrets of one. */
const database = /^(DATABASE_URL|PG[A-Z]+)$/;

/**
 * The worker's own environment as a handler sees it: without the ways into its database, but for those that
 * the asset's settings let pass (`[env] pass`).
 */
export function handlerEnvironment(pass: readonly string[] = []): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !database.test(name) || pass.includes(name)),
  );
}
