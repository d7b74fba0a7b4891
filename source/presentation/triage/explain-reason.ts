import { shortId } from '../../domain/job/reference.ts';
import { roughDuration } from '../../domain/time/duration.ts';
import { clauseReasons, type WaitingClause } from '../../domain/triage/clause-reason.ts';
import type { Blocker, Clause, ExplainFacts } from '../../domain/triage/explain.ts';
import { likelyCause } from '../../domain/triage/failure-cause.ts';
import { causeBySqlstate } from '../../domain/triage/sql-cause.ts';
import { stateLabel } from '../job/state-label.ts';
import { plural } from '../text/format.ts';
import { safeText } from '../text/safe-text.ts';

export type ExplainReason = {
  why: string;
  next: string | null;
};

type Say = (facts: ExplainFacts) => ExplainReason;
const only = (why: string): ExplainReason => ({ why, next: null });

const says: Readonly<Record<Clause, Say>> = {
  unknown_state: ({ state }) => ({
    why: `unknown state ${stateLabel(state).word}, written by a newer version`,
    next: 'update servo-tui on this host',
  }),
  ended: (facts) => ({
    why: story(facts),
    next: afterTheEnd(facts),
  }),
  paused: (facts) => ({
    why: story(facts),
    next: `${facts.failing ? firstStep(facts) : ''}servo-tui resume ${shortId(facts.id)}`,
  }),
  waiting_upstream: ({ waits_for }) =>
    waits_for.length === 0
      ? only('its upstream jobs are completed: it continues within seconds')
      : {
          why: `waits for ${plural(waits_for.length, 'upstream job')}: ${waits_for
            .slice(0, 5)
            .map(nameOf)
            .join(', ')}${waits_for.length > 5 ? ' …' : ''}`,
          next: `servo-tui explain ${shortId(waits_for[0]!.id)}`,
        },
  no_executor: (facts) => ({
    why: reason('no_executor', facts),
    next: 'start one: servo-tui --worker',
  }),
  unavailable: (facts) => ({
    why: reason('unavailable', facts),
    next: 'one partition at a time is tried until it is back, without counting attempts; see: servo-tui executors',
  }),
  no_handler: (facts) => ({
    why: reason('no_handler', facts),
    next: `add the handler ${safeText(facts.asset_name)} to an executor's directory and restart it; see: servo-tui executors`,
  }),
  draining: (facts) => ({
    why: reason('draining', facts),
    next: 'start another: servo-tui --worker',
  }),
  on_hold: (facts) => ({
    why: reason('on_hold', facts),
    next: 'claiming resumes automatically; see: servo-tui executors',
  }),
  limited: (facts) => ({
    why: reason('limited', facts),
    next: 'it starts when one of them ends; see: servo-tui limits',
  }),
  external_writer: (facts) => ({
    why: `an external writer runs it; ${
      facts.heartbeat_at === null
        ? 'it has no heartbeat'
        : `its heartbeat is ${age(facts, facts.heartbeat_at)} old`
    }`,
    next: 'no executor takes it over until the heartbeat is 2m old',
  }),
  running: (facts) => {
    const { running_slots, max_parallel, running_on, silent } = facts;
    const on = running_on
      .filter((one) => !silent.some(({ id }) => id === one))
      .map((id) => safeText(id));
    const quiet = silent.reduce((sum, one) => sum + one.slots, 0);
    const working = Math.max(0, running_slots - quiet);
    const where = on.length === 0 ? '' : `: ${on.join(', ')}`;
    const canary = facts.failing
      ? `; one partition at a time until one succeeds: ${safeText(facts.failure ?? '')}`
      : '';
    const running = `running on ${working} of ${plural(max_parallel, 'slot')}${where}${canary}`;
    return silent.length === 0 ? only(running) : withSilent(running, facts);
  },
  incomplete: ({ missing, total_partitions, partitions_made }) => {
    const some = `${missing} of ${plural(Math.max(missing, total_partitions), 'partition')}`;
    return partitions_made
      ? {
          why: `${some} ${missing === 1 ? 'is' : 'are'} missing: deleted by hand, or the total was raised`,
          next: 'within a minute the job is recounted and ends',
        }
      : {
          why: `${some} ${missing === 1 ? 'is' : 'are'} not created yet by the program that created the job`,
          next: 'after 30s without a new one they are created from its keys, or the job fails',
        };
  },
  locked: ({ blockers }) => ({
    why: `its claim waits for a lock held by ${blockers.map(blockerText).join(', ')}`,
    next: `end that transaction; as its owner or a superuser: select pg_terminate_backend(${blockers[0]!.pid})`,
  }),
  back_off: (facts) => only(reason('back_off', facts)),
  blocked_by_cancelled: ({ blocked_keys, blocked_by }) => ({
    why: `${plural(blocked_keys, 'partition')} still ${blocked_keys === 1 ? 'runs' : 'run'} in ${blocked_by === null ? 'a cancelled job' : `the cancelled job ${shortId(blocked_by)}`}`,
    next: 'it continues when they have ended',
  }),
  outranked: (facts) => ({
    why: reason('outranked', facts),
    next: 'add an executor, or raise its priority: servo-tui set JOB --priority N',
  }),
  claimable: ({ state }) =>
    only(
      state === 'running'
        ? 'nothing blocks it: its next partition is claimed within seconds'
        : 'nothing blocks it: it is claimed within seconds',
    ),
};

/** `pid 4711 (mara, psql, idle in transaction, for 3m)`, without what the role may not see. */
export function blockerText({ pid, login, application, state, seconds }: Blocker): string {
  const known = [login, application || null, state].filter((one) => one !== null);
  if (seconds !== null) known.push(`for ${roughDuration(Math.max(1, seconds) * 1000)}`);
  // Of sessions of other logins the server shows only the pid.
  const more = safeText(known.join(', '), { cap: 200 });
  return `pid ${pid}${more === '' ? '' : ` (${more})`}`;
}

function afterTheEnd(facts: ExplainFacts): string | null {
  const { id, state, waits_for, successor } = facts;
  if (successor !== null) {
    const newer = shortId(successor.id);
    return `continued by ${newer} (${stateLabel(successor.state).word}): servo-tui explain ${newer}`;
  }
  const job = shortId(id);
  const recreate = `servo-tui recreate ${job} --reason "why"`;
  const [upstream] = waits_for;
  if (state === 'cancelled') return `run what it skipped: ${recreate}`;
  if (state !== 'failed') return null;
  if (upstream === undefined) return `${firstStep(facts)}retry what failed: servo-tui retry ${job}`;
  const both = `servo-tui recreate ${job} --include-upstream --reason "why"`;
  if (upstream.state === null)
    return `one of its upstream jobs was deleted; recreate both: ${both}`;
  return `fix its upstream first: servo-tui explain ${shortId(upstream.id)}; then: ${recreate}`;
}

/** Slots leased by frozen or disconnected executors make no progress. */
function withSilent(running: string, facts: ExplainFacts): ExplainReason {
  const silent = facts.silent.map(
    ({ id, slots, seen_at }) =>
      `${plural(slots, 'slot')} on ${safeText(id)}, ${
        seen_at === null ? 'an unknown executor' : `silent for ${age(facts, seen_at)}`
      }`,
  );
  const last = Math.max(...facts.silent.map(({ until }) => until.getTime()));
  const left = roughDuration(Math.max(1000, last - facts.as_of.getTime()));
  return {
    why: `${running}; ${silent.join('; ')}`,
    next: `check that host; its partitions run again within ${left}`,
  };
}

export function explainReason(clause: Clause, facts: ExplainFacts): ExplainReason {
  return says[clause](facts);
}

/** First step if the failure names it: `run: grant …; then retry; then: `. */
function firstStep({ failure, failing }: ExplainFacts): string {
  const cause = failing ? likelyCause(failure) : causeBySqlstate(failure ?? '');
  return cause === null ? '' : `${safeText(cause.advice)}; then: `;
}

const autoPaused = 'auto-paused';

/**
 * `paused 12m ago by mara: "db maintenance"`, `auto-paused 47s ago: 291 of …`, from the journal.
 */
function story(facts: ExplainFacts): string {
  const { state, since, by, reason } = facts;
  const when = since === null ? '' : ` ${age(facts, since)} ago`;
  if (reason?.startsWith(autoPaused))
    return `${autoPaused}${when}${safeText(reason.slice(autoPaused.length))}`;
  const who = by === null ? '' : ` by ${safeText(by)}`;
  return `${state}${when}${who}${reason === null ? '' : `: "${safeText(reason)}"`}`;
}

function age({ as_of }: ExplainFacts, at: Date): string {
  return roughDuration(as_of.getTime() - at.getTime());
}

function nameOf({ id, asset_name, state }: ExplainFacts['waits_for'][number]): string {
  const name = asset_name === null ? 'a job' : safeText(asset_name);
  return `${name} ${shortId(id)} (${state === null ? 'deleted' : stateLabel(state).word})`;
}

function reason(clause: WaitingClause, facts: ExplainFacts): string {
  return safeText(clauseReasons[clause](facts));
}
