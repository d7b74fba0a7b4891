import { z } from 'zod';
import { count, nullableTime } from '../../app/json-shapes.ts';
import { alertNames } from '../../domain/triage/alerts.ts';
import { type Cell, checkNames, severities } from '../../domain/triage/checks.ts';

/** A time is text in JSON. */
const cell = z.union([z.string(), z.number(), z.boolean()]).nullable() as z.ZodType<Cell>;

export const column = z.looseObject({
  name: z.string(),
  title: z.string(),
  kind: z.enum(['text', 'state', 'count', 'seconds', 'duration', 'milliseconds', 'ratio', 'time']),
});

const alertFigure = z.looseObject({ value: z.number(), kind: z.string() });

const remedy = z.looseObject({
  action: z.string(),
  text: z.string(),
  states: z.array(z.string()).nullable().describe('of a job in which it is possible; null: any'),
  command: z.string().nullable().describe('JOB stands for the id'),
  sql: z.string().nullable().describe("the runbook's statement for all rows at once"),
});

export const check = z.looseObject({
  name: z.enum(checkNames),
  title: z.string(),
  section: z.looseObject({ runbook: z.string(), heading: z.string() }),
  meaning: z.string(),
  severity: z.enum(severities),
  columns: z.array(column),
  figure: z.string().describe('the column that says how bad a row is'),
  remedies: z.array(remedy),
});

export const row = z.looseObject({
  job_id: z.uuid().nullable(),
  asset_name: z.string(),
  state: z.string().nullable(),
  version: z.int().nullable(),
  since: nullableTime,
  cells: z.record(z.string(), cell),
});

export const escalation = z.looseObject({
  runbook: z.string(),
  due: z.boolean().describe('someone beyond on-call must be told now'),
  since: nullableTime.describe("the trouble's first journal entry"),
  minutes: z.number(),
  triggers: z.array(z.looseObject({ text: z.string(), reason: z.string() })),
  steps: z.array(
    z.looseObject({
      who: z.string(),
      task: z.string(),
      after_minutes: z.number().nullable(),
      at: nullableTime,
      due: z.boolean(),
    }),
  ),
  next: z.looseObject({ who: z.string(), in_minutes: z.number() }).nullable(),
});

export const checkSummary = z.looseObject({
  check,
  found: count,
  truncated: z.boolean().describe('there are more'),
  worst: z
    .looseObject({
      job_id: z.uuid().nullable(),
      asset_name: z.string(),
      since: nullableTime,
      value: cell,
      column,
    })
    .nullable(),
  sql: z.string(),
});

export const alert = z.looseObject({
  name: z.enum(alertNames),
  severity: z.enum(['critical', 'warning']),
  description: z.string(),
  section: z.looseObject({ runbook: z.string(), heading: z.string() }),
  check: z.enum(checkNames),
  firing: z.boolean(),
  threshold: alertFigure.describe('it fires above this'),
  lasting_seconds: z.number().describe('when it has been so for as long'),
  figure: alertFigure
    .extend({
      at_least: z.boolean().optional().describe('a count that was cut off: there are more'),
    })
    .nullable(),
  column,
  since: nullableTime,
  found: count,
  truncated: z.boolean().describe('there are more'),
  jobs: z.array(
    z.looseObject({
      job_id: z.uuid().nullable(),
      asset_name: z.string(),
      state: z.string().nullable(),
      since: nullableTime,
      value: z.number().nullable(),
    }),
  ),
});
