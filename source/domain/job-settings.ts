import { writeDuration } from './duration.ts';
import type { Job } from './job.ts';
import { changeStrategy, readStrategy, type Strategy } from './strategy.ts';

/** What can be changed while a job lives. A deadline of null takes it away. */
export type JobSettings = {
  priority?: number;
  sla_deadline_at?: Date | null;
  strategy?: Partial<Strategy>;
};

export type Setting =
  | 'priority'
  | 'sla_deadline_at'
  | 'max_parallel'
  | 'max_attempts'
  | 'timeout_ms';
type Value = number | Date | null;

/** One setting that is to be another one. */
export type Change = { setting: Setting; from: Value; to: Value };

type Settable = Pick<Job, 'priority' | 'sla_deadline_at' | 'execution_strategy'>;

/** What the settings would change of a job, and the columns as they would be then. */
export function changesOf(
  job: Settable,
  settings: JobSettings,
): { changes: Change[]; columns: Settable } {
  const strategy = readStrategy(job.execution_strategy);
  const { priority, sla_deadline_at, strategy: wanted = {} } = settings;
  const asked: [Setting, Value, Value | undefined][] = [
    ['priority', job.priority, priority],
    ['sla_deadline_at', job.sla_deadline_at, sla_deadline_at],
    ['max_parallel', strategy.max_parallel, wanted.max_parallel],
    ['max_attempts', strategy.max_attempts, wanted.max_attempts],
    ['timeout_ms', strategy.timeout_ms, wanted.timeout_ms],
  ];
  const changes = asked.flatMap(([setting, from, to]) =>
    to === undefined || Number(to) === Number(from) ? [] : [{ setting, from, to }],
  );
  return {
    changes,
    columns: {
      priority: priority ?? job.priority,
      sla_deadline_at: sla_deadline_at === undefined ? job.sla_deadline_at : sla_deadline_at,
      execution_strategy: changeStrategy(job.execution_strategy, wanted),
    },
  };
}

const names: Readonly<Record<Setting, string>> = {
  priority: 'priority',
  sla_deadline_at: 'deadline',
  max_parallel: 'parallel',
  max_attempts: 'max-attempts',
  timeout_ms: 'timeout',
};

/** `priority 0 → 8, timeout 5m → 30s`: for the journal and for a person. */
export function describeChanges(changes: readonly Change[]): string {
  return changes
    .map(
      ({ setting, from, to }) => `${names[setting]} ${said(setting, from)} → ${said(setting, to)}`,
    )
    .join(', ');
}

function said(setting: Setting, value: Value): string {
  if (value === null) return 'none';
  if (value instanceof Date) return value.toISOString();
  return setting === 'timeout_ms' ? writeDuration(value) : String(value);
}
