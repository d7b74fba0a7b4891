import { onSession } from '../../app/command.ts';
import { invalid } from '../../cli/flags.ts';
import { onTenant } from '../../cli/spec.ts';
import { type Pruned, retention } from '../../domain/report/retention.ts';
import { parseDuration, writeDuration } from '../../domain/time/duration.ts';
import type { Problem } from '../../errors.ts';

export const prune = onSession({
  spec: {
    name: 'prune',
    usage: '[--older-than 90d] [--dry-run]',
    summary: 'delete ended jobs with their journal, and old samples, outputs and dead executors',
    flags: [
      { name: 'older-than', value: 'D', help: 'jobs that ended longer ago (default 90d)' },
      { name: 'dry-run', help: 'only say what would be deleted' },
    ],
    examples: [
      ['prune --dry-run', 'what would be deleted'],
      ['prune --older-than 30d --yes', 'from a timer'],
    ],
    needs: onTenant,
    writes: (flags) => !flags.has('dry-run'),
    words: { least: 0, most: 0 },
  },
  json: () => import('./prune-json.ts'),
  read: (_, flags, problems) => ({
    olderThan: readAge(flags.text('older-than'), problems),
    dry_run: flags.has('dry-run'),
  }),
  async run({ olderThan, dry_run }, { writer, tenant, actor, ...host }) {
    const [{ requireYes }, { readClock }, { countPruned, prune }] = await Promise.all([
      import('../../app/confirm.ts'),
      import('../../database/queries/read-clock.ts'),
      import('../../operations/system/prune.ts'),
    ]);
    const author = { tenant, actor };
    const as_of = await writer.read(tenant, readClock);
    if (!dry_run) {
      await requireYes(host, 'prune', {
        hint: 'see what would be deleted: servo-tui prune --dry-run',
        question: async () => {
          const { jobs, partitions } = await countPruned(writer, author, olderThan);
          return `delete ${jobs} ended jobs with ${partitions} partitions for good?`;
        },
      });
    }
    const pruned = await (dry_run ? countPruned : prune)(writer, author, olderThan);
    return {
      json: { as_of, tenant_id: tenant, dry_run, older_than_seconds: olderThan / 1000, ...pruned },
      text: async () => {
        const { tableText } = await import('../../presentation/text/fitted-table.ts');
        return `${dry_run ? 'would delete' : 'deleted'}\n${tableText(rowsOf(pruned, olderThan))}`;
      },
    };
  },
});

function readAge(text: string | undefined, problems: Problem[]): number {
  if (text === undefined) return retention.jobs;
  const age = parseDuration(text);
  if (age !== null && age >= retention.jobs_least) return age;
  const least = writeDuration(retention.jobs_least);
  problems.push(invalid('older-than', text, `at least ${least}, e.g. 30d or 12w`));
  return retention.jobs;
}

function rowsOf(pruned: Pruned, olderThan: number): string[][] {
  const older = (milliseconds: number) => `older than ${writeDuration(milliseconds)}`;
  const silent = `silent for ${writeDuration(retention.executors)}`;
  return [
    ['  jobs', String(pruned.jobs), `that ended over ${writeDuration(olderThan)} ago`],
    ['  partitions', String(pruned.partitions), 'of those jobs'],
    ['  events', String(pruned.events), 'of deleted jobs'],
    ['  samples', String(pruned.samples), older(retention.samples)],
    ['  outputs of attempts', String(pruned.logs), older(retention.logs)],
    ['  executors', String(pruned.executors), silent],
  ];
}
