/** How to reach one database: what pg's client takes, without a URL, so that it can be told without its password. */
export type ConnectionSettings = {
  host: string;
  port: number;
  user: string;
  password?: string;
  database: string;
  ssl?: boolean | { rejectUnauthorized?: boolean; ca?: string; cert?: string; key?: string };
  application_name?: string;
  connectionTimeoutMillis?: number;
};

/** `servo_app@db.example:5432/servo`: for messages; never the password. */
export function describeConnection(settings: ConnectionSettings): string {
  const place = settings.host.startsWith('/') ? settings.host : `${settings.host}:${settings.port}`;
  return `${settings.user}@${place}/${settings.database}`;
}
