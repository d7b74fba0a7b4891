import type { ConnectionSettings } from '../../source/database/settings.ts';

/** Variables of the machine that would change the behaviour of a program under test. */
const foreign =
  /^(DATABASE_URL|TENANT_ID|PG[A-Z]+|SUDO_USER|XDG_CONFIG_HOME|SERVO_(?!EMBEDDED_|FUZZ_).*|CI|NO_COLOR|FORCE_COLOR|CLICOLOR(_FORCE)?|COLORTERM|COLORFGBG|NODE_DISABLE_COLORS|NODE_OPTIONS|NOTIFY_SOCKET|WATCHDOG_(?:USEC|PID)|LC_ALL|LC_CTYPE|LANG)$/;

/** The environment of the tests without them. */
const inherited = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !foreign.test(name)),
);

/** Removes them from this process, so that no library or child process sees them. */
export function forgetForeignVariables(): void {
  for (const name of Object.keys(process.env)) if (foreign.test(name)) delete process.env[name];
}

/** An environment with only the given variables of ours, and without a configuration file. */
export function environment(variables: Record<string, string> = {}): NodeJS.ProcessEnv {
  return { ...inherited, XDG_CONFIG_HOME: '/dev/null', ...variables };
}

export function urlOf({ host, port, user, password, database }: ConnectionSettings): string {
  const login = password === undefined ? user : `${user}:${encodeURIComponent(password)}`;
  return host.startsWith('/')
    ? `postgres://${login}@/${database}?host=${encodeURIComponent(host)}&port=${port}`
    : `postgres://${login}@${host}:${port}/${database}`;
}

/** Runs `work` with these variables in this process, and restores the former values. */
export async function withVariables<T>(
  variables: Record<string, string>,
  work: () => Promise<T>,
): Promise<T> {
  const former = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  try {
    return await work();
  } finally {
    for (const [name, value] of former)
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
  }
}
