import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { jobActions, parameterNames } from '../domain/job/action.ts';
import type { PlanFile, PlannedJob } from '../domain/plan/plan.ts';
import { readTime } from '../domain/time/time.ts';
import { messageOf, ServoError } from '../errors.ts';
import { type Io, readAll } from './io.ts';
import { figure, nullableTime, time } from './schema-parts.ts';

/** A plan as it is written to a file, to be read by a person as well. */
export const planSchema = z.looseObject({
  plan: z.literal(1).describe('the version of this shape'),
  id: z.uuid(),
  tenant_id: z.string(),
  action: z.enum(jobActions),
  parameters: z.partialRecord(z.enum(parameterNames), z.string()),
  reason: z.string().nullish().describe('null or absent: none'),
  author: z.string(),
  filter: z.string().describe('what selected the jobs'),
  created_at: time,
  expires_at: time,
  truncated: z.boolean().describe('more jobs matched than a plan may hold'),
  jobs: z.array(
    z.looseObject({
      id: z.uuid(),
      asset_name: z.string(),
      state: z.string(),
      version: z.int(),
      priority: z.int(),
      sla_deadline_at: nullableTime,
      execution_strategy: z.unknown(),
      total_partitions: figure,
      completed_partitions: figure,
      failed_partitions: figure,
      skipped_partitions: figure,
      refusal: z.string().nullable().describe('why it will be skipped; null where it will be done'),
    }),
  ),
});

/** No text of the database holds a NUL: the server would end the connection for one. */
function storable(name: string, value: unknown): unknown {
  if (typeof value === 'string' && value.includes('\0'))
    throw new Error(`${name}: a text with the character NUL`);
  return value;
}

/** Reads a plan from a file, or from stdin where that is called `-`. @throws ServoError usage */
export async function readPlan(name: string, io: Io): Promise<PlanFile> {
  const text = await readText(name, io);
  let json: unknown;
  try {
    json = JSON.parse(text, storable);
  } catch (cause) {
    throw notAPlan(name, cause instanceof SyntaxError ? 'it is not JSON' : messageOf(cause), cause);
  }
  const read = planSchema.safeParse(json);
  if (!read.success) {
    const [issue] = read.error.issues;
    const place = issue?.path.join('.') || 'it';
    throw notAPlan(name, `${place}: ${issue?.message ?? 'is not as expected'}`, read.error);
  }
  const { data } = read;
  return {
    ...data,
    reason: data.reason ?? null,
    created_at: new Date(data.created_at),
    expires_at: new Date(data.expires_at),
    jobs: data.jobs.map((job) => ({
      ...job,
      execution_strategy: job.execution_strategy as PlannedJob['execution_strategy'],
      sla_deadline_at: job.sla_deadline_at === null ? null : readTime(job.sla_deadline_at),
    })),
  };
}

async function readText(name: string, io: Io): Promise<string> {
  if (name === '-') return (await readAll(io)).toString('utf8');
  try {
    return await readFile(name, 'utf8');
  } catch (cause) {
    throw new ServoError('usage', `cannot read ${name} (${messageOf(cause)})`, { cause });
  }
}

function notAPlan(name: string, why: string, cause: unknown): ServoError {
  const called = name === '-' ? 'stdin' : name;
  return new ServoError('usage', `${called} is no plan (${why})`, {
    hint: 'make one with: servo-tui plan ACTION FILTER… > plan.json',
    cause,
  });
}
