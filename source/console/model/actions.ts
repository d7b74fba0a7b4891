import type { JobAction, ParameterName } from '../../domain/job/action.ts';
import type { JobView } from '../../domain/job/job.ts';
import { type Setting, settingOf, writeSetting } from '../../domain/job/settings.ts';
import { formatInstant, type Zone } from '../../presentation/text/format.ts';

export type ParameterField = {
  name: ParameterName;
  label: string;
  setting: Setting;
  initial?: string;
};

export type ConsoleAction = {
  action: JobAction;
  key: string;
  title: string;
  /** The word in the footer; without one the action is in the help only. */
  hint?: string;
  /** The dialog's title, where the action's own verb does not fit. */
  verb?: string;
  fields: readonly ParameterField[];
};

const priority: ParameterField = { name: 'priority', label: 'Priority', setting: 'priority' };
const deadline: ParameterField = {
  name: 'deadline',
  label: 'Deadline',
  setting: 'sla_deadline_at',
};
const parallel: ParameterField = {
  name: 'parallel',
  label: 'Max parallel',
  setting: 'max_parallel',
};

export const consoleActions = {
  pause: {
    action: 'pause',
    key: 'p',
    title: 'pause: claim no more partitions, running ones finish',
    hint: 'pause',
    fields: [],
  },
  resume: {
    action: 'resume',
    key: 'r',
    title: 'resume: an executor claims the job and continues',
    hint: 'resume',
    fields: [],
  },
  cancel: {
    action: 'cancel',
    key: 'X',
    title: 'cancel: stop permanently, skip the remaining partitions',
    hint: 'cancel',
    fields: [],
  },
  retry: {
    action: 'retry',
    key: 'R',
    title: 'retry: run failed partitions again, in this job or a new one',
    hint: 'retry',
    fields: [],
  },
  reclaim: {
    action: 'reclaim',
    key: 'f',
    title: 'reclaim: take the job from a stuck executor',
    fields: [],
  },
  deadline: {
    action: 'set',
    key: 'L',
    title: 'deadline: set or remove it',
    verb: 'Set deadline of',
    fields: [deadline],
  },
  tune: {
    action: 'set',
    key: 't',
    title: 'tune: priority, max parallel, max attempts, timeout',
    verb: 'Tune',
    fields: [
      priority,
      parallel,
      { name: 'max_attempts', label: 'Max attempts', setting: 'max_attempts' },
      { name: 'timeout', label: 'Timeout', setting: 'timeout_ms' },
    ],
  },
  // backfill-sla-at-risk, "For High Risk Jobs", Option 1: with maximum priority.
  recreate: {
    action: 'recreate',
    key: 'C',
    title: 'recreate: cancel, and start a new job for what is not done',
    verb: 'Recreate',
    fields: [{ ...priority, initial: '10' }, parallel, deadline],
  },
} as const satisfies Readonly<Record<string, ConsoleAction>>;

/**
 * A plan whose changes differ from job to job: like a pause it has no fields and needs no reason.
 */
export const whatIfChanges: ConsoleAction = {
  action: 'pause',
  key: 'a',
  title: 'apply the what-if changes',
  verb: 'Apply',
  fields: [],
};

export type ActionName = keyof typeof consoleActions;
export const actionNames = Object.keys(consoleActions) as ActionName[];

export function actionOf(name: ActionName): ConsoleAction {
  return consoleActions[name];
}

export function presently(field: ParameterField, job: JobView, zone: Zone): string {
  const value = settingOf(job, field.setting);
  return value instanceof Date ? formatInstant(value, zone) : writeSetting(field.setting, value);
}
