import { shortId } from '../../domain/job/reference.ts';
import { roughDuration } from '../../domain/time/duration.ts';
import { clauseReasons, type WaitingClause } from '../../domain/triage/clause-reason.ts';
import type { Blocker, Clause, ExplainFacts } from '../../domain/triage/explain.ts';
import { likelyCause } from '../../domain/triage/failure-cause.ts';
import { causeBySqlstate } from '../../domain/triage/sql-cause.ts';
import { stateWord } from '../job/state-words.ts';
import { plural } from '../text/format.ts';
import { safeText } from '../text/safe-text.ts';

export type ExplainWords = {
  /** What keeps the job from running. */
  why: string;
  /** What to do about it, where there is something. */
  next: string | null;
};

type Say = (facts: ExplainFacts) => ExplainWords;
const only = (why: string): ExplainWords => ({ why, next: null });

const says: Readonly<Record<Clause, Say>> = {
  unknown_state: ({ state }) => ({
    why: `it is ${stateWord(state).word}, a state that this program does not know`,
    next: 'update servo-tui on this host',
  }),
  ended: (facts) => ({
    why: `it is ${facts.state}${story(facts)}`,
    next: afterTheEnd(facts),
  }),
  paused: (facts) => ({
    why: `it is paused${story(facts)}`,
    next: `${facts.failing ? mending(facts) : ''}servo-tui resume ${shortId(facts.id)}`,
  }),
  waiting_upstream: ({ waits_for }) =>
    waits_for.length === 0
      ? only('it waits for its upstreams, which are done: it goes on within seconds')
      : {
          why: `it waits for ${plural(waits_for.length, 'upstream job')}: ${waits_for
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
    next: 'one partition at a time tries whether it is back, and no attempt is counted; see: servo-tui executors',
  }),
  no_handler: (facts) => ({
    why: reason('no_handler', facts),
    next: `add the handler ${safeText(facts.asset_name)} to a worker's directory, and start it anew; see: servo-tui executors`,
  }),
  draining: (facts) => ({
    why: reason('draining', facts),
    next: 'start another: servo-tui --worker',
  }),
  held: (facts) => ({
    why: reason('held', facts),
    next: 'it goes on by itself when that is over; see: servo-tui executors',
  }),
  limited: (facts) => ({
    why: reason('limited', facts),
    next: 'it starts when one of them ends; see: servo-tui limits',
  }),
  foreign: (facts) => ({
    why: `an executor of another kind runs it, whose heartbeat is ${age(facts, facts.heartbeat_at)} old`,
    next: 'it is left alone until the heartbeat is 2m old',
  }),
  running: (facts) => {
    const { lanes, max_parallel, at_work, silent } = facts;
    const on = at_work
      .filter((one) => !silent.some(({ id }) => id === one))
      .map((id) => safeText(id));
    const quiet = silent.reduce((sum, one) => sum + one.lanes, 0);
    const working = Math.max(0, lanes - quiet);
    const where = on.length === 0 ? '' : `, on ${on.join(', ')}`;
    const canary = facts.failing
      ? `; one partition at a time, until one gets past: ${safeText(facts.failure ?? '')}`
      : '';
    const words = `it runs: ${working} of ${plural(max_parallel, 'slot')} at work${where}${canary}`;
    return silent.length === 0 ? only(words) : besides(words, facts);
  },
  incomplete: ({ missing, total_partitions, partitions_made }) => {
    const some = `${missing} of ${plural(Math.max(missing, total_partitions), 'partition')}`;
    return partitions_made
      ? {
          why: `${some} ${missing === 1 ? 'is' : 'are'} missing: deleted by hand, or the total was raised`,
          next: 'the job counts those that it has, and ends, within a minute',
        }
      : {
          why: `${some} ${missing === 1 ? 'is' : 'are'} not created yet by the program that created the job`,
          next: 'those that do not come for 30s are made from its keys, or it fails',
        };
  },
  locked: ({ blockers }) => ({
    why: `a lock keeps it from being claimed, held by ${blockers.map(blockerWords).join(', ')}`,
    next: `end that transaction; as its owner or a superuser: select pg_terminate_backend(${blockers[0]!.pid})`,
  }),
  back_off: (facts) => only(reason('back_off', facts)),
  blocked_by_cancelled: ({ blocked_keys, blocked_by }) => ({
    why: `${plural(blocked_keys, 'partition')} still ${blocked_keys === 1 ? 'runs' : 'run'} in ${blocked_by === null ? 'a cancelled job' : `the cancelled job ${shortId(blocked_by)}`}`,
    next: 'it goes on when that has ended',
  }),
  outranked: (facts) => ({
    why: reason('outranked', facts),
    next: 'add a worker, or raise its priority: servo-tui set JOB --priority N',
  }),
  claimable: ({ state }) =>
    only(
      state === 'running'
        ? 'nothing: its next partition will be taken within seconds'
        : 'nothing: it will be claimed within seconds',
    ),
};

/** `pid 4711 (mara, psql, idle in transaction, for 3m)`, as far as the role may see. */
export function blockerWords({ pid, login, application, state, seconds }: Blocker): string {
  const known = [login, application || null, state].filter((one) => one !== null);
  if (seconds !== null) known.push(`for ${roughDuration(Math.max(1, seconds) * 1000)}`);
  // Of another login's session the server tells only its pid.
  const more = safeText(known.join(', '), { cap: 200 });
  return `pid ${pid}${more === '' ? '' : ` (${more})`}`;
}

function afterTheEnd(facts: ExplainFacts): string | null {
  const { id, state, waits_for, again } = facts;
  if (again !== null) {
    const newer = shortId(again.id);
    return `what it left undone is in ${newer} (${stateWord(again.state).word}): servo-tui explain ${newer}`;
  }
  const job = shortId(id);
  const anew = `servo-tui recreate ${job} --reason "why"`;
  const [upstream] = waits_for;
  if (state === 'cancelled') return `what it skipped: ${anew}`;
  if (state !== 'failed') return null;
  if (upstream === undefined) return `${mending(facts)}what failed again: servo-tui retry ${job}`;
  const both = `servo-tui recreate ${job} --include-upstream --reason "why"`;
  if (upstream.state === null) return `with its upstreams, one of which was deleted: ${both}`;
  return `its upstream first: servo-tui explain ${shortId(upstream.id)}; when that is done: ${anew}`;
}

/** What is with executors that are frozen or cut off is not being worked on, whatever their leases say. */
function besides(words: string, facts: ExplainFacts): ExplainWords {
  const held = facts.silent.map(
    ({ id, lanes, seen_at }) =>
      `${plural(lanes, 'slot')} with ${safeText(id)}, ${
        seen_at === null ? 'of which nothing is known' : `not heard of for ${age(facts, seen_at)}`
      }`,
  );
  const last = Math.max(...facts.silent.map(({ until }) => until.getTime()));
  const left = roughDuration(Math.max(1000, last - facts.as_of.getTime()));
  return {
    why: `${words}; ${held.join('; ')}`,
    next: `look at that host; what it held is tried again within ${left}`,
  };
}

export function explainWords(clause: Clause, facts: ExplainFacts): ExplainWords {
  return says[clause](facts);
}

/** What the failure says is to be done first, where it is sure: `run: grant …; then retry; then: `. */
function mending({ failure, failing }: ExplainFacts): string {
  const cause = failing ? likelyCause(failure) : causeBySqlstate(failure ?? '');
  return cause === null ? '' : `${safeText(cause.advice)}; then: `;
}

/** ` since 12m, by mara: "db maintenance"`, as far as the journal knows. */
function story(facts: ExplainFacts): string {
  const { since, by, reason } = facts;
  const when = since === null ? '' : ` since ${age(facts, since)}`;
  const itself = reason?.startsWith('auto-paused') ? ` by itself${reason.slice(16)}` : null;
  if (itself !== null) return `${when}, ${safeText(itself.trimStart())}`;
  const who = by === null ? '' : `, by ${safeText(by)}`;
  return `${when}${who}${reason === null ? '' : `: "${safeText(reason)}"`}`;
}

function age({ as_of }: ExplainFacts, at: Date | null): string {
  return at === null ? 'unknown' : roughDuration(as_of.getTime() - at.getTime());
}

function nameOf({ id, asset_name, state }: ExplainFacts['waits_for'][number]): string {
  const name = asset_name === null ? 'a job' : safeText(asset_name);
  return `${name} ${shortId(id)} (${state === null ? 'deleted' : stateWord(state).word})`;
}

/** The reason that list and console give, too. */
function reason(clause: WaitingClause, facts: ExplainFacts): string {
  return safeText(clauseReasons[clause](facts));
}
