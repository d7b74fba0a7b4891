import type { JobDetail } from '../../../domain/job/detail.ts';
import type { JobView } from '../../../domain/job/job.ts';
import { shortId } from '../../../domain/job/reference.ts';
import { isTerminal } from '../../../domain/job/state.ts';
import { readStrategy } from '../../../domain/job/strategy.ts';
import { executorName } from '../../../presentation/executor/name.ts';
import { dialogText } from '../../../presentation/job/dialog-text.ts';
import {
  driftText,
  etaIfStarted,
  formatEta,
  formatEtaRange,
  secondsBetween,
} from '../../../presentation/job/eta-phrase.ts';
import { isWaiting, jobTone } from '../../../presentation/job/health-text.ts';
import { stateLabel } from '../../../presentation/job/state-label.ts';
import { riskBadge } from '../../../presentation/risk/badge.ts';
import { truncate } from '../../../presentation/text/fitted.ts';
import {
  formatAge,
  formatClock,
  formatFullCount,
  formatMilliseconds,
  formatRate,
  plural,
} from '../../../presentation/text/format.ts';
import { safeText } from '../../../presentation/text/safe-text.ts';
import { widthOf } from '../../../presentation/text/width.ts';
import { hasBell } from '../../background/bells.ts';
import type { JobScreen, State } from '../../model/state.ts';
import { type Line, span, time } from '../../widgets/spans.ts';

type Facts = { job: JobView; screen: JobScreen; state: State; now: Date };

export function clockOf({ jobs }: State, { detail, job }: JobScreen): Date {
  return detail?.as_of ?? jobs.list?.as_of ?? job.created_at;
}

export function factsOf(state: State, screen: JobScreen, withRisk: boolean): Line[] {
  const now = clockOf(state, screen);
  const facts: Facts = { job: screen.job, screen, state, now };
  const risk = withRisk ? riskFact(facts.job, now) : [];
  return [
    ...counts(facts),
    ...(risk.length > 0 ? [risk] : []),
    ...pace(facts),
    ...execution(facts),
    ...deadline(facts),
  ];
}

/**
 * `orders_daily · ● running · 3f2a9c1e · priority 5 · started 42m ago by mara`; in `width` columns
 * the name is cut so that the state stays visible.
 */
export function titleFacts(state: State, screen: JobScreen, width: number): Line[] {
  const { job, detail, gone } = screen;
  const now = clockOf(state, screen);
  const { glyph, word } = stateLabel(job.state);
  const tone = jobTone(job);
  const since = (at: Date) => `${formatAge(secondsBetween(at, now))} ago`;
  const by = job.created_by === null ? '' : ` by ${safeText(job.created_by, { cap: 300 })}`;
  const begun =
    job.started_at === null
      ? `created ${since(job.created_at)}`
      : `started ${since(job.started_at)}`;
  const inState = `${glyph} ${word}`;
  const room = Math.max(leastName, width - widthOf(inState) - ' · '.length);
  return [
    [span(truncate(safeText(job.asset_name), room), 'strong')],
    [span(inState, tone)],
    ...(hasBell(state, job.id) ? [[span('♪ followed', 'accent')]] : []),
    ...dialogFact(detail),
    ...(gone ? [[span('NO LONGER EXISTS', 'bad')]] : []),
    [span(shortId(job.id), 'dim')],
    [span(`priority ${job.priority}`)],
    [span(begun + by)],
  ];
}

const leastName = 8;

function dialogFact(detail: JobDetail | null): Line[] {
  const text = detail && dialogText(detail.dialogs, detail.as_of, 'on it');
  return text === null ? [] : [[span(`✎ ${text}`, 'warn')]];
}

export function riskFact(job: JobView, now: Date): Line {
  if (job.risk_level === 'none') return [];
  const { forms, tone } = riskBadge(job, now);
  return [span(forms[0], tone)];
}

function counts({ job }: Facts): Line[] {
  const skipped = job.skipped_partitions;
  return [
    [span(`${formatFullCount(job.completed_partitions)} done`)],
    [
      span(
        `${formatFullCount(job.failed_partitions)} failed`,
        job.failed_partitions > 0 ? 'bad' : 'dim',
      ),
    ],
    ...(skipped > 0 ? [[span(`${formatFullCount(skipped)} skipped`)]] : []),
    [span(`${formatFullCount(job.remaining_partitions)} left`)],
  ];
}

function pace({ job, screen, state, now }: Facts): Line[] {
  const eta = formatEta(job, now, state.options.zone);
  const { max_parallel } = readStrategy(job.execution_strategy);
  const ended = isTerminal(job.state);
  const range = formatEtaRange(job, now, state.options.zone);
  const drift = driftText(job);
  const started = etaIfStarted(job, now, state.options.zone);
  return [
    ...(job.rate_per_minute === null ? [] : [[span(`${formatRate(job.rate_per_minute)}/min`)]]),
    ...(job.avg_partition_duration_ms === null
      ? []
      : [
          [
            span(
              `avg ${formatMilliseconds(job.avg_partition_duration_ms)}${slowestTwentieth(screen)}`,
            ),
          ],
        ]),
    ...(ended ? [] : [[span(`max parallel ${max_parallel}`)]]),
    ...(eta.forms[0] === '–' ||
    (job.state === 'pending' && job.waits_for === null && started !== '')
      ? []
      : [
          [
            time(expected(job, eta.forms[0]), eta.tone),
            ...(range === '' ? [] : [time(` (${range})`, 'dim')]),
          ],
        ]),
    ...(drift === '' ? [] : [[span(drift, job.eta_drift_seconds! > 0 ? 'warn' : 'plain')]]),
    ...(started === '' ? [] : [[time(started)]]),
  ];
}

/** ` (p95 2.2 s)`, of the last completed partitions. */
function slowestTwentieth({ insight }: JobScreen): string {
  const p95 = insight?.durations.p95_ms ?? null;
  return p95 === null ? '' : ` (p95 ${formatMilliseconds(p95)})`;
}

function expected(job: JobView, words: string): string {
  const { state } = job;
  if (state === 'running' && !isWaiting(job)) return `ETA ${words}`;
  return state === 'failed' ? `ended ${words}` : words;
}

function execution({ job, screen, state }: Facts): Line[] {
  const executors = screen.detail?.executors ?? [];
  // On a narrow screen executors have a panel of their own.
  const named = state.size.columns < 100 ? '' : `: ${executors.map(executorName).join(', ')}`;
  const key = job.checkpoint_partition_key;
  const age = job.heartbeat_age_seconds;
  return [
    ...(key === null ? [] : [[span(`checkpoint ${safeText(key, { cap: 300 })}`)]]),
    ...(executors.length === 0
      ? []
      : [
          [
            span(
              `${plural(executors.length, 'executor')}${isSilent(job) ? ', silent' : ''}${named}`,
            ),
          ],
        ]),
    ...(job.state === 'running' && age !== null
      ? [
          [
            span(
              `heartbeat ${formatAge(age)}${job.heartbeat_stale ? ', stale' : ''}`,
              job.heartbeat_stale ? 'bad' : 'plain',
            ),
          ],
        ]
      : []),
    [span(`version ${job.version}`, 'dim')],
  ];
}

/** Whatever its state, and whatever else is the matter with it. */
function isSilent({ heartbeat_stale, running_slots, silent_slots }: JobView): boolean {
  return heartbeat_stale || (silent_slots > 0 && silent_slots >= running_slots);
}

function deadline({ job, state, now }: Facts): Line[] {
  const at = job.sla_deadline_at;
  return at === null ? [] : [[span('deadline '), time(formatClock(at, now, state.options.zone))]];
}
