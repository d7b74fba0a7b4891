import { z } from 'zod';
import { alertNames } from '../domain/triage/alerts.ts';
import { causeNames } from '../domain/triage/cause-names.ts';
import { checkNames, severities } from '../domain/triage/checks.ts';
import { explanation } from './looking-schemas.ts';
import { count, envelope, nullableTime, visible } from './schema-parts.ts';

const cell = z.union([z.string(), z.number(), z.boolean()]).nullable();

const column = z.looseObject({
  name: z.string(),
  title: z.string(),
  kind: z.enum(['text', 'state', 'count', 'seconds', 'milliseconds', 'ratio', 'time']),
});

const figure = z.looseObject({ value: z.number(), kind: z.string() });

const remedy = z.looseObject({
  action: z.string(),
  text: z.string(),
  states: z.array(z.string()).nullable().describe('of a job in which it is possible; null: any'),
  command: z.string().nullable().describe('JOB stands for the id'),
  sql: z.string().nullable().describe("the runbook's statement for all rows at once"),
});

const check = z.looseObject({
  name: z.enum(checkNames),
  title: z.string(),
  section: z.looseObject({ runbook: z.string(), heading: z.string() }),
  meaning: z.string(),
  severity: z.enum(severities),
  columns: z.array(column),
  figure: z.string().describe('the column that says how bad a row is'),
  remedies: z.array(remedy),
});

const row = z.looseObject({
  job_id: z.uuid().nullable(),
  asset_name: z.string(),
  state: z.string().nullable(),
  version: z.int().nullable(),
  since: nullableTime,
  cells: z.record(z.string(), cell),
});

export const escalation = z.looseObject({
  runbook: z.string(),
  due: z.boolean().describe('somebody beyond on-call is to be told now'),
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

export const finding = z.looseObject({
  ...envelope,
  check,
  job_id: z.uuid().nullable(),
  columns: z.array(column),
  sql: z.string().describe('as it was run'),
  rows: z.array(row),
  truncated: z.boolean(),
  visible,
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

export const alertShape = z.looseObject({
  name: z.enum(alertNames),
  severity: z.enum(['critical', 'warning']),
  description: z.string(),
  section: z.looseObject({ runbook: z.string(), heading: z.string() }),
  check: z.enum(checkNames),
  firing: z.boolean(),
  threshold: figure.describe('it fires above this'),
  lasting_seconds: z.number().describe('when it has been so for as long'),
  figure: figure
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

export const triageSchemas = {
  triage: z.looseObject({
    ...envelope,
    job_id: z.uuid().nullable().describe('null: all jobs of the tenant'),
    checks: z.array(checkSummary),
    escalations: z.array(escalation),
    visible,
  }),
  'triage CHECK': finding,
  explain: explanation.extend({
    findings: z.array(z.looseObject({ check, rows: z.array(row), sql: z.string() })),
    scenario: z.enum(checkNames).nullable().describe('null where nothing is wrong'),
    evidence: z
      .looseObject({
        columns: z.array(column),
        rows: z.array(row),
        sql: z.string(),
        truncated: z.boolean(),
      })
      .nullable(),
    causes: z
      .array(
        z.looseObject({
          name: z.enum(causeNames),
          title: z.string(),
          advice: z.string(),
          failures: count,
        }),
      )
      .describe('what the errors among the evidence most likely come from'),
    recommendation: z
      .looseObject({
        action: z.string(),
        text: z.string(),
        command: z.string().nullable(),
        ready: z
          .looseObject({
            action: z.string(),
            id: z.uuid(),
            state: z.string(),
            version: z.int(),
            parameters: z.record(z.string(), z.string()),
            reason: z.string().nullable(),
          })
          .nullable()
          .describe('what needs only to be confirmed'),
      })
      .nullable(),
    escalations: z.array(escalation),
  }),
  alerts: z.looseObject({
    ...envelope,
    alerts: z.array(alertShape),
    executors: z
      .looseObject({ alive: count, silent: count })
      .describe('silent: not heard of for 10 s, and not found dead'),
    visible,
  }),
};
