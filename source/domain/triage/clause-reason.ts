import type { OutageKind } from '../partition/attempt.ts';
import { roughDuration } from '../time/duration.ts';
import type { SilentSlots } from './claim-scene.ts';
import type { Clause, ClauseFacts, ReachedLimit } from './explain.ts';

/** `jobs_ahead`: jobs of higher rank; null: not counted. */
type ReasonFacts = Pick<
  ClauseFacts,
  'as_of' | 'executors' | 'draining' | 'hold_reason' | 'limits' | 'outages' | 'slots' | 'due_at'
> & { asset_name: string; jobs_ahead: number | null };

export const waitingClauses = [
  'no_executor',
  'unavailable',
  'no_handler',
  'draining',
  'on_hold',
  'limited',
  'back_off',
  'outranked',
] as const satisfies readonly Clause[];
export type WaitingClause = (typeof waitingClauses)[number];

export function isWaitingClause(clause: Clause): clause is WaitingClause {
  return (waitingClauses as readonly Clause[]).includes(clause);
}

/** One sentence for `explain`, lists, the console and JSON. Not sanitized for a terminal. */
export const clauseReasons: Readonly<Record<WaitingClause, (facts: ReasonFacts) => string>> = {
  no_executor: () => 'no executor is running for this tenant',
  unavailable: troubleReason,
  no_handler: ({ executors, asset_name }) =>
    `no executor has a handler for ${asset_name} (${executors} running)`,
  draining: ({ draining }) =>
    `${draining === 1 ? 'the only executor' : `all ${draining} executors`} with a handler for it ${draining === 1 ? 'is' : 'are'} draining`,
  on_hold: ({ hold_reason }) =>
    `claiming is on hold: ${hold_reason ?? 'the database is unhealthy'}`,
  limited: ({ limits }) => limits.map(limitReason).join('; '),
  back_off: ({ due_at, as_of }) =>
    `all remaining partitions are snoozed or backing off, the first is due in ${roughDuration(
      Math.max(1000, due_at!.getTime() - as_of.getTime()),
    )}`,
  outranked: ({ jobs_ahead, slots }) => {
    const busy = `queued: ${slots}/${counted(slots, 'slot')} busy`;
    return jobs_ahead === null ? busy : `${busy}, ${counted(jobs_ahead, 'job')} ahead`;
  },
};

/** `web-1:812 with 4 slots has been silent for 42s` */
export function silenceReason(silent: readonly SilentSlots[], asOf: Date): string {
  const each = silent.map(({ id, slots, seen_at }) => {
    const since =
      seen_at === null ? '' : ` for ${roughDuration(asOf.getTime() - seen_at.getTime())}`;
    return `${id} with ${counted(slots, 'slot')} has been silent${since}`;
  });
  return each.join('; ');
}

const outageKindWords: Readonly<Record<OutageKind, string>> = {
  endpoint: 'its endpoint is unreachable',
  program: 'its program is missing',
  host: 'the host is out of file descriptors, processes or memory',
  database: 'the database is unavailable',
};

/** `its endpoint is unreachable on web-1 for 12m: cannot reach …` */
function troubleReason({ outages, as_of }: ReasonFacts): string {
  const first = outages[0]!;
  const hosts = [...new Set(outages.map(({ host }) => host))];
  const since = roughDuration(as_of.getTime() - first.since.getTime());
  return `${outageKindWords[first.kind] ?? first.kind} on ${hosts.join(', ')} for ${since}: ${first.message}`;
}

const scopes: Readonly<Record<ReachedLimit['scope'], (name: string) => string>> = {
  tenant: () => 'of this tenant',
  asset_type: (name) => `of assets of type ${name}`,
  asset: (name) => `of ${name}`,
};

function limitReason({ scope, name, max_running, running }: ReachedLimit): string {
  if (max_running === 0) return `limit reached: no job ${scopes[scope](name)} may run (limit 0)`;
  return `limit reached: ${running} of ${counted(max_running, 'running job')} ${scopes[scope](name)}`;
}

function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}
