import { readClock } from '../database/queries/read-clock.ts';
import { type Pruned, retention } from '../domain/report/retention.ts';
import { parseDuration, writeDuration } from '../domain/time/duration.ts';
import { ServoError, UsageError } from '../errors.ts';
import { countPruned, prune as pruneAll } from '../operations/system/prune.ts';
import { columns } from '../presentation/text/columns.ts';
import type { Invocation, Output } from './command.ts';
import { confirm } from './io.ts';
import { withSession } from './session.ts';

/** `servo-tui prune [--older-than D] [--dry-run]`. */
export async function prune(invocation: Invocation): Promise<Output> {
  const { flags, settings } = invocation;
  const olderThan = readAge(flags.text('older-than'));
  const dry_run = flags.has('dry-run');
  return withSession(settings, async ({ writer, tenant, actor }) => {
    const author = { tenant, actor };
    const as_of = await writer.read(tenant, readClock);
    if (!dry_run) await agree(invocation, () => countPruned(writer, author, olderThan));
    const pruned = await (dry_run ? countPruned : pruneAll)(writer, author, olderThan);
    const older_than_seconds = olderThan / 1000;
    return {
      json: { as_of, tenant_id: tenant, dry_run, older_than_seconds, ...pruned },
      text: () =>
        `${dry_run ? 'would take away' : 'took away'}\n${columns(rowsOf(pruned, olderThan))}`,
    };
  });
}

function readAge(text: string | undefined): number {
  if (text === undefined) return retention.jobs;
  const age = parseDuration(text);
  if (age !== null && age >= retention.jobs_least) return age;
  const least = writeDuration(retention.jobs_least);
  throw new UsageError([
    age === null
      ? { message: `"${text}" is no duration (--older-than)`, hint: 'as 30d or 12w' }
      : {
          message: `ended jobs are kept for ${least} at least (--older-than ${text})`,
          hint: least,
        },
  ]);
}

/** What is pruned does not come back: somebody says yes, at the terminal or as `--yes`. */
async function agree({ flags, io }: Invocation, count: () => Promise<Pruned>): Promise<void> {
  if (flags.has('yes')) return;
  if (!io.terminal || flags.has('json')) {
    throw new UsageError([
      { message: 'prune wants a yes', hint: '--yes; --dry-run says what it would take away' },
    ]);
  }
  const { jobs, partitions } = await count();
  if (await confirm(io, `delete ${jobs} ended jobs with ${partitions} partitions for good?`))
    return;
  throw new ServoError('interrupted', 'nothing has been done');
}

function rowsOf(pruned: Pruned, olderThan: number): string[][] {
  const ended = `that ended over ${writeDuration(olderThan)} ago`;
  const days = (milliseconds: number) => `older than ${writeDuration(milliseconds)}`;
  return [
    ['  jobs', String(pruned.jobs), ended],
    ['  partitions', String(pruned.partitions), 'of those jobs'],
    ['  journal lines', String(pruned.events), 'of jobs that are gone'],
    ['  samples', String(pruned.samples), days(retention.samples)],
    ['  outputs of attempts', String(pruned.logs), days(retention.logs)],
    [
      '  executors',
      String(pruned.executors),
      `not heard of for ${writeDuration(retention.executors)}`,
    ],
  ];
}
