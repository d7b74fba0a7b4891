import { readFile } from 'node:fs/promises';
import { type Io, readAll } from '../../cli/io.ts';
import type { PlanFile, PlannedJob } from '../../domain/plan/plan.ts';
import { readTime } from '../../domain/time/time.ts';
import { messageOf, ServoError } from '../../errors.ts';
import { planFile } from './plan-json.ts';

/** The server ends the connection at a text with a NUL. */
function storable(name: string, value: unknown): unknown {
  if (typeof value === 'string' && value.includes('\0'))
    throw new Error(`${name}: text with the character NUL`);
  return value;
}

/** Reads a plan from a file, or from stdin if it is `-`. @throws ServoError usage */
export async function readPlan(name: string, io: Io): Promise<PlanFile> {
  const text = await readText(name, io);
  let json: unknown;
  try {
    json = JSON.parse(text, storable);
  } catch (cause) {
    throw notAPlan(name, cause instanceof SyntaxError ? 'not JSON' : messageOf(cause), cause);
  }
  const read = planFile.safeParse(json);
  if (!read.success) {
    const [issue] = read.error.issues;
    const field = issue?.path.join('.') || 'the document';
    throw notAPlan(name, `${field}: ${issue?.message ?? 'unexpected'}`, read.error);
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

function notAPlan(name: string, reason: string, cause: unknown): ServoError {
  const called = name === '-' ? 'stdin' : name;
  return new ServoError('usage', `${called} is not a plan: ${reason}`, {
    hint: 'make one with: servo-tui plan ACTION FILTER… > plan.json',
    cause,
  });
}
