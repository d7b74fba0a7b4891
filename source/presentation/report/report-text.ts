import type { JobEvent } from '../../domain/job/detail.ts';
import type { JobView } from '../../domain/job/job.ts';
import { shortId } from '../../domain/job/reference.ts';
import { isTerminal } from '../../domain/job/state.ts';
import type { CheckSummary } from '../../domain/triage/checks.ts';
import type { Escalation } from '../../domain/triage/escalation.ts';
import { formatEta } from '../job/eta-phrase.ts';
import { stateLabel } from '../job/state-label.ts';
import { riskBadge } from '../risk/badge.ts';
import { formatFullCount, formatPercent } from '../text/format.ts';
import { foundText, sectionText, worstText } from '../triage/check-text.ts';
import { escalationTitle } from '../triage/escalation-text.ts';
import { blocks, code, list, table, utc } from './markdown.ts';

export function progressText(job: JobView): string {
  const { completed_partitions: done, total_partitions: all } = job;
  return `${formatFullCount(done)} of ${formatFullCount(all)} (${formatPercent(job.progress)})`;
}

export function etaText(job: JobView, asOf: Date): string {
  return isTerminal(job.state) ? '–' : formatEta(job, asOf, 'utc').forms[0];
}

export function riskSummary(job: JobView, asOf: Date): string {
  return job.risk_level === 'none' ? '–' : riskBadge(job, asOf).forms[0];
}

/** `orders_daily` 3f2a9c1e */
export function jobName(name: string | null, id: string): string {
  return `${name === null ? 'a job' : code(name, 100)} ${shortId(id)}`;
}

/** `running → paused`, or another kind of event. */
export function eventName({ kind, from_state, to_state }: JobEvent): string {
  if (to_state === null) return code(kind, 60);
  const to = stateName(to_state);
  return from_state === null ? `created, ${to}` : `${stateName(from_state)} → ${to}`;
}

/** A new job needs no reason; its absence elsewhere is worth a question. */
export function reasonOf({ reason, kind, from_state }: JobEvent): string {
  if (reason !== null) return code(reason);
  return kind === 'state' && from_state === null ? '' : 'no reason given';
}

export function stateName(state: string): string {
  const { word, glyph } = stateLabel(state);
  return glyph === '?' ? code(state, 60) : word;
}

export function escalationBlocks(escalations: readonly Escalation[]): string {
  if (escalations.length === 0) return 'No escalation is due.';
  return blocks(
    ...escalations.flatMap((escalation) => {
      const { runbook, since, minutes, triggers, steps } = escalation;
      const clock =
        since === null
          ? 'its clock has not started'
          : `its clock started at ${utc(since)} (${Math.floor(minutes)} minutes)`;
      return [
        `${runbook}: ${clock}; ${escalationTitle(escalation)}.`,
        triggers.length === 0
          ? null
          : list(triggers.map(({ text, reason }) => `${text}: ${reason}`)),
        table(
          ['Who', 'What', 'When', 'Due'],
          steps.map(({ who, task, at, due }) => [
            who,
            task,
            at === null ? 'on demand' : utc(at),
            due ? 'yes' : 'no',
          ]),
        ),
      ];
    }),
  ).trimEnd();
}

export function findingsTable(findings: readonly CheckSummary[], asOf: Date): string {
  return table(
    ['Check', 'Found', 'Worst', 'Runbook'],
    findings.map((summary) => {
      const worst = worstText(summary.worst, asOf, 'utc');
      return [
        summary.check.title,
        foundText(summary),
        worst === '' ? '' : code(worst, 120),
        sectionText(summary.check.section),
      ];
    }),
  );
}
