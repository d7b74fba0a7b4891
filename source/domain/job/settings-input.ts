import type { Problem } from '../../errors.ts';
import { readOptions } from '../start/request.ts';
import { momentAt, problemOfDeadline } from '../time/deadline.ts';
import type { JobSettings } from './settings.ts';

/** Job settings as typed. The deadline `none` removes the deadline. */
export type SettingsInput = {
  priority?: string;
  deadline?: string;
  parallel?: string;
  max_attempts?: string;
  timeout?: string;
};

/** Parses the settings and adds every mistake to `problems`. `now` is the database's clock. */
export function readSettings(input: SettingsInput, now: Date, problems: Problem[]): JobSettings {
  const { deadline, ...rest } = input;
  const remove = isNone(deadline);
  const options = readOptions(
    { ...rest, sla_deadline: remove ? undefined : deadline },
    problems,
    'deadline',
  );
  const deadlineAt = options.deadline && momentAt(options.deadline, now);
  const problem = deadlineAt && problemOfDeadline(deadlineAt, now, 'deadline');
  if (problem) problems.push(problem);
  return {
    priority: options.priority,
    sla_deadline_at: remove ? null : deadlineAt,
    strategy: options.strategy,
  };
}

export function isNone(deadline: string | undefined): boolean {
  return deadline?.trim().toLowerCase() === 'none';
}
