import type { Problem } from '../../errors.ts';
import { readOptions } from '../start/request.ts';
import { momentAt, problemOfDeadline } from '../time/deadline.ts';
import type { JobSettings } from './settings.ts';

/** As a person writes them; the deadline `none` removes it. */
export type SettingsInput = {
  priority?: string;
  deadline?: string;
  parallel?: string;
  max_attempts?: string;
  timeout?: string;
};

/** The settings; mistakes are added to `problems`. `now` is the database's clock. */
export function readSettings(input: SettingsInput, now: Date, problems: Problem[]): JobSettings {
  const { deadline, ...rest } = input;
  const none = isNone(deadline);
  const options = readOptions(
    { ...rest, sla_deadline: none ? undefined : deadline },
    problems,
    'deadline',
  );
  const at = options.deadline && momentAt(options.deadline, now);
  const past = at && problemOfDeadline(at, now, 'deadline');
  if (past) problems.push(past);
  return {
    priority: options.priority,
    sla_deadline_at: none ? null : at,
    strategy: options.strategy,
  };
}

export function isNone(deadline: string | undefined): boolean {
  return deadline?.trim().toLowerCase() === 'none';
}
