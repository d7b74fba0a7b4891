import type { ConnectionSettings } from '../../source/database/settings.ts';

/** Variables of whoever runs the tests must not reach a program under test. */
const inherited = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) =>
      !/^(DATABASE_URL|TENANT_ID|PG[A-Z]+|SUDO_USER|XDG_CONFIG_HOME|SERVO_(?!EMBEDDED_).*)$/.test(
        name,
      ),
  ),
);

/** An environment with nothing of ours but what is given; no configuration file, nor a folder that a shell could make for one. */
export function environment(variables: Record<string, string> = {}): NodeJS.ProcessEnv {
  return { ...inherited, XDG_CONFIG_HOME: '/dev/null', ...variables };
}

export function urlOf({ host, port, user, password, database }: ConnectionSettings): string {
  const login = password === undefined ? user : `${user}:${encodeURIComponent(password)}`;
  return host.startsWith('/')
    ? `postgres://${login}@/${database}?host=${encodeURIComponent(host)}&port=${port}`
    : `postgres://${login}@${host}:${port}/${database}`;
}
