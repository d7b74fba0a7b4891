import type { FailedPartition } from '../../domain/job/detail.ts';
import type { FailureKind } from '../../domain/job/insight.ts';
import { variable } from '../../domain/partition/failure-print.ts';
import { type FailureCause, likelyCause } from '../../domain/triage/failure-cause.ts';
import { safeText } from '../text/safe-text.ts';

/** Failed partitions whose messages differ in figures and names only. */
export type FailureGroup = FailureKind & {
  /** The message, with `…` where those of the group differ. */
  message: string;
  /** What the runbook would look for; null where the message shows no sign of a common cause. */
  cause: FailureCause | null;
};

/** Kinds by fingerprint (figures, dates and ids left out), the most frequent first. */
export function kindsOf(failed: readonly FailedPartition[]): FailureKind[] {
  const kinds = new Map<string, FailedPartition[]>();
  for (const partition of failed) {
    const print = textOf(partition).replace(variable, '\u0000');
    kinds.set(print, [...(kinds.get(print) ?? []), partition]);
  }
  return [...kinds.values()]
    .map((partitions) => ({ count: partitions.length, partitions }))
    .sort((a, b) => b.count - a.count);
}

/** What is to be said of each kind. */
export function groupFailures(kinds: readonly FailureKind[]): FailureGroup[] {
  return kinds.map((kind) => ({
    ...kind,
    message: template(kind.partitions.map(textOf)),
    cause: likelyCause(kind.partitions[0]?.error_message ?? null),
  }));
}

function textOf({ error_message }: FailedPartition): string {
  return error_message === null ? '(no message)' : safeText(error_message) || '(empty message)';
}

/** The first message, with `…` for each figure that is not the same in all of them. */
function template(messages: readonly string[]): string {
  const figures = messages.map((message) => message.match(variable) ?? []);
  let index = -1;
  return (messages[0] ?? '(no message)').replace(variable, (figure) => {
    index += 1;
    return figures.every((other) => other[index] === figure) ? figure : '…';
  });
}
