import type { ActionParameters, JobAction } from '../job/action.ts';
import type { Remedy, Step } from './advice.ts';

/** One action on jobs, as a plan has it. */
export type RemedyAction = {
  action: JobAction;
  parameters: ActionParameters;
  jobs: readonly string[];
};

/**
 * The steps that are actions on jobs, in the order in which they are to be done: settings are bound
 * to the version seen, which a pause or a resume increments. Settings of a job are one action.
 */
export function actionsOf({ steps }: Pick<Remedy, 'steps'>): RemedyAction[] {
  const settings = new Map<string, ActionParameters>();
  for (const step of steps) {
    const set = settingOf(step);
    if (set !== null) settings.set(set.job, { ...settings.get(set.job), ...set.parameters });
  }
  const jobsOf = (kind: Step['kind']) =>
    steps.flatMap((step) => (step.kind === kind && 'job' in step ? [step.job] : []));
  const acts = (['retry', 'resume', 'pause'] as const).flatMap((action) => {
    const jobs = jobsOf(action);
    return jobs.length === 0 ? [] : [{ action, parameters: {}, jobs }];
  });
  const sets = [...settings].map(([job, parameters]) => ({
    action: 'set' as const,
    parameters,
    jobs: [job],
  }));
  return [...sets, ...acts];
}

function settingOf(step: Step): { job: string; parameters: ActionParameters } | null {
  switch (step.kind) {
    case 'parallel':
    case 'priority':
      return { job: step.job, parameters: { [step.kind]: String(step.to) } };
    case 'deadline':
      return { job: step.job, parameters: { deadline: step.to.toISOString() } };
    default:
      return null;
  }
}

/** Every step is an action on a job. */
export function isApplicable({ steps }: Pick<Remedy, 'steps'>): boolean {
  return steps.every(({ kind }) => applicable.includes(kind));
}

const applicable: readonly Step['kind'][] = [
  'parallel',
  'priority',
  'deadline',
  'retry',
  'resume',
  'pause',
];
