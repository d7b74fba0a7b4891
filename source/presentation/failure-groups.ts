import type { FailedPartition } from '../domain/job-detail.ts';
import { safeText } from './safe-text.ts';

/** Failed partitions whose messages differ in figures and names only. */
export type FailureGroup = {
  /** The message, with `…` where those of the group differ. */
  message: string;
  partitions: FailedPartition[];
};

const variable =
  /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|0x[0-9a-f]+|\d+(?:[.,:T-]\d+)*/gi;

/** Groups by fingerprint (figures, dates and ids left out), the largest group first. */
export function groupFailures(failed: readonly FailedPartition[]): FailureGroup[] {
  const groups = new Map<string, FailedPartition[]>();
  for (const partition of failed) {
    const print = textOf(partition).replace(variable, '\u0000');
    groups.set(print, [...(groups.get(print) ?? []), partition]);
  }
  return [...groups.values()]
    .map((partitions) => ({ message: template(partitions.map(textOf)), partitions }))
    .sort((a, b) => b.partitions.length - a.partitions.length);
}

function textOf({ error_message }: FailedPartition): string {
  return error_message === null ? '(no message)' : safeText(error_message) || '(empty message)';
}

/** The first message, with `…` for each figure that is not the same in all of them. */
function template(messages: readonly string[]): string {
  const figures = messages.map((message) => message.match(variable) ?? []);
  let index = -1;
  return messages[0]!.replace(variable, (figure) => {
    index += 1;
    return figures.every((other) => other[index] === figure) ? figure : '…';
  });
}
