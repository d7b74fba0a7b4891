import { writeDuration } from '../time/duration.ts';
import type { Job } from './job.ts';
import { changeStrategy, readStrategy, type Strategy } from './strategy.ts';

/** Settings that can change until a job ends. A deadline of null removes it. */
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
export type SettingValue = number | Date | null;

export type Change = { setting: Setting; from: SettingValue; to: SettingValue };

export type Settable = Pick<Job, 'priority' | 'sla_deadline_at' | 'execution_strategy'>;

const values: Readonly<Record<Setting, (job: Settable) => SettingValue>> = {
  priority: (job) => job.priority,
  sla_deadline_at: (job) => job.sla_deadline_at,
  max_parallel: (job) => readStrategy(job.execution_strategy).max_parallel,
  max_attempts: (job) => readStrategy(job.execution_strategy).max_attempts,
  timeout_ms: (job) => readStrategy(job.execution_strategy).timeout_ms,
};

export function settingOf(job: Settable, setting: Setting): SettingValue {
  return values[setting](job);
}

export function changesOf(
  job: Settable,
  settings: JobSettings,
): { changes: Change[]; columns: Settable } {
  const { priority, sla_deadline_at, strategy: wanted = {} } = settings;
  const { max_parallel, max_attempts, timeout_ms } = wanted;
  const asked = { priority, sla_deadline_at, max_parallel, max_attempts, timeout_ms };
  const changes = (Object.keys(asked) as Setting[]).flatMap((setting) => {
    const [from, to] = [settingOf(job, setting), asked[setting]];
    return to === undefined || Number(to) === Number(from) ? [] : [{ setting, from, to }];
  });
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

/** `priority 0 → 8, timeout 5m → 30s`, for the journal and for screens. */
export function describeChanges(changes: readonly Change[], time = isoTime): string {
  const write = (setting: Setting, value: SettingValue) => written(setting, value, time);
  return changes
    .map(
      ({ setting, from, to }) =>
        `${names[setting]} ${write(setting, from)} → ${write(setting, to)}`,
    )
    .join(', ');
}

const isoTime = (at: Date): string => at.toISOString();

function written(setting: Setting, value: SettingValue, time: (at: Date) => string): string {
  return value instanceof Date ? time(value) : writeSetting(setting, value);
}

/** `deadline 2024-01-17T00:00:00.000Z`: the new values only, for short lines. */
export function describeTargets(changes: readonly Change[], time = isoTime): string {
  return changes
    .map(({ setting, to }) => `${names[setting]} ${written(setting, to, time)}`)
    .join(', ');
}

export function writeSetting(setting: Setting, value: SettingValue): string {
  if (value === null) return 'none';
  if (value instanceof Date) return value.toISOString();
  return setting === 'timeout_ms' ? writeDuration(value) : String(value);
}

export function settingsMoved(job: Settable, seen: Settable, wanted: JobSettings): boolean {
  return changesOf(job, wanted).changes.some(
    ({ setting, from }) => Number(settingOf(seen, setting)) !== Number(from),
  );
}
