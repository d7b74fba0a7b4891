import type { Advice, Cost, Remedy, Step } from '../../domain/advice/advice.ts';
import type { Unknown } from '../../domain/forecast/job-forecast.ts';
import { shortId } from '../../domain/job/reference.ts';
import { formatClockShort, formatDuration, plural, type Zone } from '../text/format.ts';
import { safeText } from '../text/safe-text.ts';

export type AdviceContext = {
  as_of: Date;
  zone: Zone;
  /** Asset names by job id. */
  names: Readonly<Record<string, string>>;
};

/** `late by 4m`, `12m before its deadline`; empty without a deadline or an end. */
export function lateText(seconds: number | null): string {
  if (seconds === null) return '';
  return seconds > 0
    ? `late by ${formatDuration(seconds)}`
    : `${formatDuration(-seconds)} before its deadline`;
}

/** What keeps a job from being done earlier, or from having an end that can be told. */
export const boundTexts: Readonly<Record<Unknown | 'stale', string>> = {
  stale: 'no heartbeat: its executor may be dead',
  paused: 'it is paused',
  unknown_state: 'its state is unknown',
  external: 'another program runs it',
  upstream: 'it waits for its upstreams',
  no_executor: 'no executor is running',
  no_handler: 'no executor has a handler for it',
  closed: 'all executors with a handler for it are on hold or draining',
  limit: 'a limit of running jobs is reached',
  back_off: 'its partitions are snoozed or backing off',
  slots: 'others have the slots',
  max_parallel: 'its own max parallel',
  nothing: 'nothing: all its partitions run',
  no_duration: 'no partition of the asset has completed yet',
};

/** `late by 4m: others have the slots`, with why an end is unknown. */
export function verdictText(advice: Advice, { names }: AdviceContext): string {
  const { verdict, bound_by, unknown, because_of, job_id, late_by_seconds } = advice;
  const bound = boundTexts[bound_by];
  switch (verdict) {
    case 'unknown': {
      const of = because_of === job_id ? '' : `upstream ${nameOf(because_of, names)}: `;
      return `unknown: ${of}${boundTexts[unknown ?? bound_by]}`;
    }
    case 'incomplete':
      return ['will end incomplete', lateText(late_by_seconds)].filter(Boolean).join(', ');
    case 'late':
      return `${lateText(late_by_seconds)}: ${bound}`;
    case 'on_time':
      return `on time, ${lateText(late_by_seconds)}`;
    case 'none':
      return `no deadline; bound by: ${bound}`;
  }
}

/** `parallel 1 → 4: done 14:05, 6m before its deadline; makes no other job late`. */
export function remedyText(remedy: Remedy, about: string, context: AdviceContext): string {
  const { as_of, zone } = context;
  const { finish_at, steps, tight } = remedy;
  const done = finish_at === null ? '' : `done ${formatClockShort(finish_at, as_of, zone)}`;
  const accepts = steps.at(-1)?.kind === 'accept';
  const moved = steps.at(-1)?.kind === 'deadline';
  const late = accepts || moved ? '' : lateText(remedy.late_by_seconds);
  const effect = [done, late, tight && !accepts && !moved ? 'tight' : ''].filter(Boolean);
  const what = stepsText(remedy, about, context);
  const costs = costsText({ ...remedy, brings_in: remedy.brings_in && !accepts && !moved });
  return `${what}${effect.length === 0 ? '' : `: ${effect.join(', ')}`}${costs === '' ? '' : `; ${costs}`}`;
}

/** `parallel 1 → 4 and pause ml_features`. */
export function stepsText(
  { steps, late_by_seconds }: Remedy,
  about: string,
  context: AdviceContext,
): string {
  const paused = steps.flatMap((step) =>
    step.kind === 'pause' ? [nameOf(step.job, context.names)] : [],
  );
  const others = steps.filter(({ kind }) => kind !== 'pause');
  const parts = [
    ...others.map((step) => stepText(step, about, late_by_seconds, context)),
    ...(paused.length === 0 ? [] : [`pause ${listed(paused)}`]),
  ];
  return parts.join(' and ');
}

function stepText(
  step: Step,
  about: string,
  late: number | null,
  { names, as_of, zone }: AdviceContext,
): string {
  const of = 'job' in step && step.job !== about ? ` of ${nameOf(step.job, names)}` : '';
  switch (step.kind) {
    case 'parallel':
    case 'priority':
      return `${step.kind} ${step.from} → ${step.to}${of}`;
    case 'pause':
    case 'resume':
      return `${step.kind}${of === '' ? ' it' : ` ${nameOf(step.job, names)}`}`;
    case 'retry':
      return `retry its ${plural(step.failed, 'failed partition')}`;
    case 'deadline':
      return `move the deadline to ${formatClockShort(step.to, as_of, zone)}`;
    case 'limit':
      return `raise the limit of running jobs ${step.from} → ${step.to}`;
    case 'slots':
      return `${plural(step.to - step.from, 'more slot')} (${step.from} → ${step.to})`;
    case 'executor':
      return `start an executor with a handler for ${listed(step.assets.map((name) => safeText(name)))}`;
    case 'open':
      return 'let executors claim again, or start another one';
    case 'accept':
      return `accept that it is late by ${formatDuration(late ?? 0)}`;
  }
}

/** `makes daily_sales late by 6m; ml_features +7m`; of paused jobs the step itself says it. */
export function costsText({ costs, brings_in }: Pick<Remedy, 'costs' | 'brings_in'>): string {
  const late = costs.filter(({ made_late }) => made_late);
  const others = costs.filter((cost) => !cost.made_late && cost.moved_seconds !== null);
  const parts = [
    late.length === 0 ? '' : `makes ${listed(late.map(lateCost))}`,
    others.length === 0 ? '' : listed(others.map(costText)),
  ].filter(Boolean);
  return parts.length === 0 && brings_in ? 'makes no other job late' : parts.join('; ');
}

/** `daily_sales late by 6m` */
function lateCost({ asset_name, late_by_seconds }: Cost): string {
  const name = safeText(asset_name, { cap: 60 });
  return late_by_seconds === null
    ? `${name} miss its deadline`
    : `${name} ${lateText(late_by_seconds)}`;
}

/** `ml_features +7m, no deadline` */
export function costText({ asset_name, moved_seconds, late_by_seconds }: Cost): string {
  const moved = `+${formatDuration(moved_seconds ?? 0)}`;
  const name = safeText(asset_name, { cap: 60 });
  return `${name} ${moved}, ${late_by_seconds === null ? 'no deadline' : lateText(late_by_seconds)}`;
}

/** Scope and name of the limits that steps raise, by their index. */
export type Limits = Readonly<Record<number, { scope: string; name: string }>>;

function limitFlag(limit: Limits[number] | undefined): string {
  if (limit === undefined) return '…';
  if (limit.scope === 'tenant') return '--tenant-wide';
  const name = safeText(limit.name);
  return limit.scope === 'asset' ? `--asset ${name}` : `--asset-type ${name}`;
}

/** Shell commands, in the order in which they are to be run; null for what has none. */
export function stepCommand(step: Step, limits: Limits = {}): string | null {
  switch (step.kind) {
    case 'parallel':
    case 'priority':
      return `servo-tui set ${shortId(step.job)} --${step.kind} ${step.to}`;
    case 'deadline':
      return `servo-tui set ${shortId(step.job)} --deadline ${step.to.toISOString()}`;
    case 'pause':
    case 'resume':
    case 'retry':
      return `servo-tui ${step.kind} ${shortId(step.job)}`;
    case 'limit':
      return `servo-tui limits set ${limitFlag(limits[step.limit])} ${step.to}`;
    case 'slots':
    case 'executor':
      return 'servo-tui --worker …';
    case 'open':
    case 'accept':
      return null;
  }
}

function nameOf(id: string, names: AdviceContext['names']): string {
  const name = names[id];
  return name === undefined ? shortId(id) : safeText(name, { cap: 60 });
}

const mostListed = 3;

/** `clicks, sessions and 3 more` */
function listed(names: readonly string[]): string {
  const more = names.length - mostListed;
  return more > 0 ? `${names.slice(0, mostListed).join(', ')} and ${more} more` : names.join(', ');
}
