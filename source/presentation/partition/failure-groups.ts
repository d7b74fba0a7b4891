import type { FailedPartition, FailureKind } from '../../domain/job/insight.ts';
import { variable } from '../../domain/partition/failure-fingerprint.ts';
import type { FailureCause } from '../../domain/triage/cause-names.ts';
import { likelyCause } from '../../domain/triage/failure-cause.ts';
import { safeText } from '../text/safe-text.ts';

export type FailureGroup = FailureKind & {
  /** With `…` where the messages differ. */
  message: string;
  cause: FailureCause | null;
};

export function kindsOf(failed: readonly FailedPartition[]): FailureKind[] {
  const kinds = new Map<string, FailedPartition[]>();
  for (const partition of failed) {
    const fingerprint = textOf(partition).replace(variable, '\u0000');
    kinds.set(fingerprint, [...(kinds.get(fingerprint) ?? []), partition]);
  }
  return [...kinds.values()]
    .map((partitions) => ({ count: partitions.length, partitions }))
    .sort((a, b) => b.count - a.count);
}

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

/** The first message, with `…` for figures that differ. */
function template(messages: readonly string[]): string {
  const figures = messages.map((message) => message.match(variable) ?? []);
  let index = -1;
  return (messages[0] ?? '(no message)').replace(variable, (figure) => {
    index += 1;
    return figures.every((other) => other[index] === figure) ? figure : '…';
  });
}
