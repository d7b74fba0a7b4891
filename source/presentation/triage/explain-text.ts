import type { Remedy } from '../../domain/advice/advice.ts';
import { shortId } from '../../domain/job/reference.ts';
import type { DiagnosedJob } from '../../domain/triage/explanation.ts';
import { type Limits, remedyText, stepCommand } from '../advice/advice-text.ts';
import { wrap } from '../text/fitted.ts';
import { fittedTable } from '../text/fitted-table.ts';
import type { Zone } from '../text/format.ts';
import { safeText } from '../text/safe-text.ts';
import { checkCell, fitOf, sectionText } from './check-text.ts';
import { escalationReasons, escalationTitle } from './escalation-text.ts';
import { evidenceLine } from './evidence-line.ts';
import { explainReason } from './explain-reason.ts';

type Options = { width: number; zone: Zone };
const labelWidth = 13;

/** One line if nothing is wrong; else scenario, evidence, meaning, remedy and escalation. */
export function explainText(diagnosed: DiagnosedJob, options: Options): string {
  const { clause, facts, findings, scenario } = diagnosed;
  const { why, next } = explainReason(clause, facts);
  const name = `${safeText(facts.asset_name)} ${shortId(facts.id)}`;
  const state = facts.state.replace('_', ' ');
  // `paused 12m ago by mara` need not be told twice that it is paused.
  const about = why.startsWith(`${state} `) ? name : `${name} (${state})`;
  const first = `${about}: ${why}${next === null ? '' : ` — ${next}`}`;
  const main = findings.find(({ check }) => check.name === scenario);
  if (main === undefined) return `${first}\n`;
  const context = { as_of: diagnosed.as_of, zone: options.zone };
  const others = findings.filter((one) => one !== main).map(({ check }) => check.title);
  const lines = [
    first,
    ...labelled('scenario', [main.check.title, sectionText(main.check.section)], options),
    ...labelled('likely', causeText(diagnosed), options),
    ...remedyLines(diagnosed, options),
    ...recommendationLines(diagnosed, options),
    ...labelled('evidence', [evidenceLine(main.check.columns, main.rows[0]!, context)], options),
    ...evidenceTable(diagnosed, options),
    ...labelled('meaning', [main.check.meaning], options),
    ...(others.length === 0 ? [] : labelled('also', [others.join('; ')], options)),
    ...diagnosed.escalations.flatMap((escalation) =>
      labelled(
        'escalation',
        [
          escalationTitle(escalation),
          ...escalationReasons(escalation, diagnosed.as_of, options.zone),
        ],
        options,
      ),
    ),
  ];
  return `${lines.join('\n')}\n`;
}

/** What brings the job in, before the runbook's text for its level. */
function remedyLines({ advice, as_of }: DiagnosedJob, options: Options): string[] {
  const [best] = advice?.remedies ?? [];
  if (advice === null || best === undefined) return [];
  const context = { as_of, zone: options.zone, names: advice.names };
  return [
    ...labelled('remedy', [remedyText(best, advice.job_id, context)], options),
    ...commandsOf(best, advice.limits).map((line) => `${' '.repeat(labelWidth)}${line}`),
  ];
}

function commandsOf({ steps }: Remedy, limits: Limits | undefined): string[] {
  return steps.flatMap((step) => stepCommand(step, limits) ?? []);
}

/** Nothing if the remedy says it; beside another remedy it is what the runbook has. */
function recommendationLines({ recommendation, advice }: DiagnosedJob, options: Options): string[] {
  if (recommendation === null) return [];
  const { text, command } = recommendation;
  const [best] = advice?.remedies ?? [];
  if (best !== undefined && command !== null && commandsOf(best, advice?.limits).includes(command))
    return [];
  return [
    ...labelled(best === undefined ? 'do' : 'runbook', [text], options),
    ...(command === null ? [] : [`${' '.repeat(labelWidth)}${command}`]),
  ];
}

/** `Rate limiting from external systems (20 of these): lower the parallelism, …` */
function causeText({ causes }: DiagnosedJob): string[] {
  return causes.map(({ title, failures, advice }) => `${title} (${failures} of these): ${advice}`);
}

/** Rows of evidence that fit a small terminal together with the remedy. */
const fewRows = 4;

function evidenceTable({ evidence, as_of }: DiagnosedJob, { width, zone }: Options): string[] {
  if (evidence === null || evidence.rows.length === 0) return [];
  const { columns } = evidence;
  const rows = [
    columns.map(({ title }) => title.toUpperCase()),
    ...evidence.rows
      .slice(0, fewRows)
      .map((row) =>
        columns.map((column) => checkCell(column, row.cells[column.name], { as_of, zone })),
      ),
  ];
  const fits = columns.map(fitOf);
  const hidden = evidence.rows.length - fewRows;
  const more = hidden > 0 ? [`… and ${evidence.truncated ? 'at least ' : ''}${hidden} more`] : [];
  return [...fittedTable(rows, width - labelWidth, fits), ...more].map(
    (line) => ' '.repeat(labelWidth) + line,
  );
}

/** The label before the first line; longer texts wrap below it. */
function labelled(label: string, texts: readonly string[], { width }: Options): string[] {
  const room = width - labelWidth;
  const lines = texts
    .filter((text) => text !== '')
    .flatMap((text) => (Number.isFinite(room) ? wrap(text, room) : [text]));
  return lines.map((line, index) => (index === 0 ? label : '').padEnd(labelWidth) + line);
}
