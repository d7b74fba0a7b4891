export type HostPort = { host: string; port: number };

/** Connection settings of pg's client, not as a URL: so they can be shown without the password. */
export type ConnectionSettings = HostPort & {
  /** All hosts in the order in which they are tried; `host` and `port` are the first. */
  hosts?: readonly HostPort[];
  /** Use only a host that takes writes; else it is only preferred. */
  target?: 'writable';
  user: string;
  password?: string;
  database: string;
  ssl?: boolean | { rejectUnauthorized?: boolean; ca?: string; cert?: string; key?: string };
  application_name?: string;
  connectionTimeoutMillis?: number;
};

/** `servo_app@db.example:5432/servo`, for messages; without the password. */
export function describeConnection(settings: ConnectionSettings): string {
  const addresses = (settings.hosts ?? [settings]).map(({ host, port }) =>
    host.startsWith('/') ? host : `${host}:${port}`,
  );
  return `${settings.user}@${addresses.join(',')}/${settings.database}`;
}
