/** A TCP host or the folder of a Unix socket, and the port. */
export type HostPort = { host: string; port: number };

/** How to reach one database: what pg's client takes, without a URL, so that it can be told without its password. */
export type ConnectionSettings = HostPort & {
  /** Where there are several: all of them, in the order in which they are tried; `host` and `port` are the first. */
  hosts?: readonly HostPort[];
  /** Of several hosts, only one that takes writes will do; else it is only preferred. */
  target?: 'writable';
  user: string;
  password?: string;
  database: string;
  ssl?: boolean | { rejectUnauthorized?: boolean; ca?: string; cert?: string; key?: string };
  application_name?: string;
  connectionTimeoutMillis?: number;
};

/** `servo_app@db.example:5432/servo`: for messages; never the password. */
export function describeConnection(settings: ConnectionSettings): string {
  const addresses = (settings.hosts ?? [settings]).map(({ host, port }) =>
    host.startsWith('/') ? host : `${host}:${port}`,
  );
  return `${settings.user}@${addresses.join(',')}/${settings.database}`;
}
