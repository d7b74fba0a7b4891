import type { ConnectionSettings, HostPort } from '../database/settings.ts';

/** libpq's several hosts, which pg lacks: `host1:5432,host2:5433`, and `target_session_attrs`. */

const authority = /^(postgres(?:ql)?:\/\/)([^/?#@]*@)?([^/?#]*,[^/?#]*)/;

/** A URL of its first host, and all its hosts. Null for a URL with one host. */
export function splitHosts(
  url: string,
  defaultPort: number,
): { url: string; hosts: HostPort[] } | null {
  const match = authority.exec(url);
  if (match === null) return null;
  const [whole, scheme, user = '', list] = match;
  const named = list!.split(',').map(parseHost);
  return {
    url: `${scheme}${user}${list!.split(',')[0]}${url.slice(whole.length)}`,
    hosts: named.map(({ host, port }) => ({
      host: host || 'localhost',
      port: port ?? defaultPort,
    })),
  };
}

function parseHost(text: string): { host: string; port: number | null } {
  const match = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(text);
  if (match === null) throw new Error(`${text} is not a host`);
  const host = decodeURIComponent(match[1]!).replace(/^\[|\]$/g, '');
  return { host, port: match[2] === undefined ? null : Number(match[2]) };
}

/** One port for all hosts, or one for each. Null for one host, or if the numbers differ. */
export function hostsFromVariables(hosts: string, ports: string): HostPort[] | null {
  const names = hosts.split(',');
  const numbers = ports.split(',').map((port) => Number(port || 5432));
  if (names.length < 2 || (numbers.length > 1 && numbers.length !== names.length)) return null;
  return names.map((host, i) => ({ host, port: numbers[i] ?? numbers[0]! }));
}

/** Undefined if unknown or unsuitable (`read-only`, `standby`). */
export function targetOf(value: string): Pick<ConnectionSettings, 'target'> | undefined {
  const targets: Readonly<Record<string, Pick<ConnectionSettings, 'target'>>> = {
    '': {},
    any: {},
    'prefer-standby': {},
    'read-write': { target: 'writable' },
    primary: { target: 'writable' },
  };
  return Object.hasOwn(targets, value) ? targets[value] : undefined;
}
