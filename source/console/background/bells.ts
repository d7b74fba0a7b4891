import type { JobView } from '../../domain/job/job.ts';
import { shortId } from '../../domain/job/reference.ts';
import { isTerminal } from '../../domain/job/state.ts';
import { stateLabel } from '../../presentation/job/state-label.ts';
import { safeText } from '../../presentation/text/safe-text.ts';
import { ask, unasked } from '../model/asking.ts';
import type { DataAnswer, Effect } from '../model/effects.ts';
import { keyFor } from '../model/key-hints.ts';
import { noticed } from '../model/notice.ts';
import { noLongerThere, noTarget, targetOf } from '../model/present.ts';
import type { Bell, State, Step } from '../model/state.ts';

/** Followed jobs are read on their own timer, at most this often. */
const leastMs = 2000;
const mostBells = 50;

export function noBell(state: State): string | null {
  const reason = noTarget(state);
  if (reason !== null) return reason;
  const { job, gone } = targetOf(state)!;
  if (hasBell(state, job.id)) return null;
  if (gone) return noLongerThere;
  if (isTerminal(job.state)) return `the job has ended (${stateLabel(job.state).word})`;
  return state.bells.length >= mostBells
    ? `already following ${mostBells} jobs, the maximum`
    : null;
}

export function hasBell({ bells }: State, id: string): boolean {
  return bells.some((bell) => bell.id === id);
}

/** Starts or stops following the selected job. A change of its state or risk level rings. */
export function turnBell(state: State): Step {
  const target = targetOf(state);
  if (target === null) return [state, []];
  const { job } = target;
  const name = nameOf(job);
  if (hasBell(state, job.id)) {
    const bells = state.bells.filter(({ id }) => id !== job.id);
    return noticed({ ...state, bells }, `stopped following ${name}`);
  }
  const bells = [...state.bells, bellOf(job)];
  const text = `following ${name}: the bell rings when its state or risk changes (${keyFor(state, 'follow')} stops it)`;
  // An open question does not include this job: its answer would report it as gone.
  const [next, effects] = noticed({ ...unasked(state, 'bells'), bells }, text);
  return [next, [...effects, readBellsLater(state)]];
}

export function readBells(state: State): Step {
  if (state.bells.length === 0) return [state, []];
  return ask(state, 'bells', { type: 'load-named', ids: state.bells.map(({ id }) => id) });
}

export function bellsAnswered(state: State, answer: DataAnswer): Step {
  if (answer.type !== 'named') return [state, [readBellsLater(state)]];
  const found = new Map(answer.jobs.map((job) => [job.id, job]));
  const heard = state.bells.map((bell) => ({ bell, job: found.get(bell.id) ?? null }));
  const news = heard.flatMap(({ bell, job }) => changeText(bell, job) ?? []);
  const bells = heard.flatMap(({ job }) =>
    job === null || isTerminal(job.state) ? [] : [bellOf(job)],
  );
  const again = bells.length === 0 ? [] : [readBellsLater(state)];
  if (news.length === 0) return [{ ...state, bells }, again];
  const text = news.join(' · ');
  const [next, effects] = noticed({ ...state, bells }, text, 'warn');
  return [next, [...effects, ...again, { type: 'ring', text: text.slice(0, 300) }]];
}

function changeText(bell: Bell, job: JobView | null): string | null {
  const name = nameOf(bell);
  if (job === null) return `${name} no longer exists`;
  const changes = [
    job.state === bell.state
      ? []
      : `${stateLabel(bell.state).word} → ${stateLabel(job.state).word}`,
    job.risk_level === bell.risk_level || isTerminal(job.state)
      ? []
      : `risk ${levelText(bell.risk_level)} → ${levelText(job.risk_level)}`,
  ].flat();
  return changes.length === 0 ? null : `${name}: ${changes.join(', ')}`;
}

function levelText(level: string): string {
  return level.replace('_', ' ');
}

function bellOf({ id, asset_name, state, risk_level }: JobView): Bell {
  return { id, asset_name, state, risk_level };
}

function nameOf({ id, asset_name }: Pick<Bell, 'id' | 'asset_name'>): string {
  return `${safeText(asset_name, { cap: 60 })} ${shortId(id)}`;
}

function readBellsLater({ interval_ms }: State): Effect {
  return { type: 'timer', name: 'bells', after_ms: Math.max(leastMs, interval_ms) };
}
