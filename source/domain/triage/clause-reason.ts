import type { OutageKind } from '../partition/attempt.ts';
import { roughDuration } from '../time/duration.ts';
import type { SilentLanes } from './claim-scene.ts';
import type { Clause, ClauseFacts, ReachedLimit } from './explain.ts';

/** What a reason is told from. `in_front`: jobs of higher rank; null where they were not counted. */
export type ReasonFacts = Pick<
  ClauseFacts,
  'as_of' | 'executors' | 'draining' | 'hold_reason' | 'limits' | 'outages' | 'slots' | 'due_at'
> & { asset_name: string; in_front: number | null };

/** The clauses that keep a job from being worked on until something beside the job changes. */
export const waitingClauses = [
  'no_executor',
  'unavailable',
  'no_handler',
  'draining',
  'held',
  'limited',
  'back_off',
  'outranked',
] as const satisfies readonly Clause[];
export type WaitingClause = (typeof waitingClauses)[number];

export function isWaitingClause(clause: Clause): clause is WaitingClause {
  return (waitingClauses as readonly Clause[]).includes(clause);
}

/** Why a job is not worked on: the same sentence for `explain`, the list, the console and their JSON. Not cleaned for a terminal. */
export const clauseReasons: Readonly<Record<WaitingClause, (facts: ReasonFacts) => string>> = {
  no_executor: () => 'no executor is running for this tenant',
  unavailable: troubleReason,
  no_handler: ({ executors, asset_name }) =>
    `none of ${counted(executors, 'living executor')} has a handler for ${asset_name}`,
  draining: ({ draining }) =>
    `${draining === 1 ? 'the only executor' : `all ${draining} executors`} with a handler for it ${draining === 1 ? 'drains' : 'drain'}, and takes nothing new`,
  held: ({ hold_reason }) => `claiming is held: ${hold_reason ?? 'the database is not well'}`,
  limited: ({ limits }) => limits.map(limitReason).join('; '),
  back_off: ({ due_at, as_of }) =>
    `all partitions that are left are snoozed or wait to be retried, the first in ${roughDuration(
      Math.max(1000, due_at!.getTime() - as_of.getTime()),
    )}`,
  outranked: ({ in_front, slots }) => {
    const busy = slots === 1 ? 'the only slot is busy' : `all ${counted(slots, 'slot')} are busy`;
    if (in_front === null) return `it waits for a slot: ${busy}`;
    const jobs = in_front === 0 ? 'no job' : counted(in_front, 'job');
    return `${busy}, and ${jobs} of higher rank ${in_front > 1 ? 'are' : 'is'} in front`;
  },
};

/** `web-1:812 with 4 slots has been silent for 42s`: what an executor that is not heard of holds. */
export function silenceReason(silent: readonly SilentLanes[], asOf: Date): string {
  const each = silent.map(({ id, lanes, seen_at }) => {
    const since =
      seen_at === null ? '' : ` for ${roughDuration(asOf.getTime() - seen_at.getTime())}`;
    return `${id} with ${counted(lanes, 'slot')} has been silent${since}`;
  });
  return each.join('; ');
}

const outageKindWords: Readonly<Record<OutageKind, string>> = {
  endpoint: 'its endpoint is unreachable',
  program: 'its program is missing',
  host: 'the host is out of something',
  database: 'the database did not take its work',
};

/** `its endpoint is unreachable on web-1 since 12m: cannot reach …`. */
function troubleReason({ outages, as_of }: ReasonFacts): string {
  const first = outages[0]!;
  const hosts = [...new Set(outages.map(({ host }) => host))];
  const since = roughDuration(as_of.getTime() - first.since.getTime());
  return `${outageKindWords[first.kind] ?? first.kind} on ${hosts.join(', ')} since ${since}: ${first.message}`;
}

const scopes: Readonly<Record<ReachedLimit['scope'], (name: string) => string>> = {
  tenant: () => 'of this tenant',
  asset_type: (name) => `of assets of type ${name}`,
  asset: (name) => `of ${name}`,
};

function limitReason({ scope, name, max_running, running }: ReachedLimit): string {
  if (max_running === 0) return `no job ${scopes[scope](name)} may run (the limit is 0)`;
  return `${running} of at most ${counted(max_running, 'job')} ${scopes[scope](name)} ${running === 1 ? 'runs' : 'run'} already`;
}

function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}
