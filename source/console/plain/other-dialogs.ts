import { type Dialog, dialogLease, dialogsWithout } from '../../domain/job/dialog.ts';
import type { JobPage } from '../../domain/job/page.ts';
import { closedDialog, dialogText } from '../../presentation/job/dialog-text.ts';
import type { DataAnswer } from '../effects.ts';
import { plannedIds } from '../other-dialogs.ts';
import { nameOf } from './job-lines.ts';
import type { Asking, PlainEffect, PlainState, PlainStep } from './state.ts';

/** Announces an opened or closed question to other consoles. Nothing waits for it. */
export function announceDialog(before: PlainState, step: PlainStep): PlainStep {
  const { asking } = step.state;
  if (asking?.job === before.asking?.job) return step;
  const effect: PlainEffect =
    asking === null
      ? { type: 'data', effect: { type: 'close-dialog' } }
      : { type: 'data', effect: hold(asking, false) };
  return { ...step, effects: [...(step.effects ?? []), effect] };
}

function hold({ name, job, plan }: Asking, renew: boolean) {
  const ids = plan === null ? [job.id] : plannedIds(plan);
  return { type: 'announce-dialog', action: name, ids, renew } as const;
}

export function renew(state: PlainState): PlainStep {
  const { asking } = state;
  if (asking === null) return { state };
  return { state, effects: [{ type: 'data', effect: hold(asking, true) }] };
}

/** Renews in time. A failure is ignored, and a permanent one is not repeated. */
export function dialogsAnswered(state: PlainState, answer: DataAnswer): PlainStep {
  const lost = answer.type === 'failure' && answer.failure.code !== 'database_unreachable';
  if (state.asking === null || lost) return { state };
  return {
    state,
    effects: [{ type: 'timer', name: 'dialogs', after_ms: dialogLease.renew_ms }],
  };
}

export function dialogLines(before: PlainState, { as_of, jobs, page }: JobPage): string[] {
  const known = new Map([...before.jobs.values(), ...jobs].map((job) => [job.id, job]));
  const lines = (those: readonly Dialog[], words: (dialog: Dialog) => string | null) =>
    those.flatMap((dialog) => {
      const job = dialog.job_ids.map((id) => known.get(id)).find((one) => one !== undefined);
      return job === undefined ? [] : [`${nameOf(job)}: ${words(dialog)}`];
    });
  return [
    ...lines(dialogsWithout(page.dialogs, before.dialogs), (dialog) =>
      dialogText([dialog], as_of, 'on it'),
    ),
    ...lines(dialogsWithout(before.dialogs, page.dialogs), closedDialog),
  ];
}
