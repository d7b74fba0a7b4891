import { type Host, onHost } from '../../app/command.ts';
import { anyNumber, onTenant } from '../../cli/spec.ts';
import { granularities } from '../../domain/partition/period.ts';
import { messageOf, UsageError } from '../../errors.ts';
import { newJobFlags, optionsOf } from './job-flags.ts';

export const start = onHost({
  spec: {
    name: 'start',
    usage: 'ASSET (--partition K… | --start A --end B [--every G] | --partitions-file F|-)',
    summary: 'a new job with all its partitions, or nothing',
    flags: [
      {
        name: 'partition',
        value: 'K',
        multiple: true,
        help: 'a partition key; give it again for more',
      },
      {
        name: 'start',
        value: 'A',
        help: 'the first partition: 2024, 2024-01, 2024-01-31, 2024-01-31T05',
      },
      { name: 'end', value: 'B', help: 'the last one, included' },
      {
        name: 'every',
        value: 'G',
        help: `${granularities.join(', ')} (default: the asset's, else hour where a bound has hours, else day)`,
      },
      { name: 'partitions-file', value: 'F', help: 'a file with a key on each line; - for stdin' },
      {
        name: 'any-key',
        help: 'take keys that do not name a partition of an asset with a granularity',
      },
      ...newJobFlags,
    ],
    examples: [
      [
        'start orders_daily --start 2024-01 --end 2024-06 --parallel 4',
        'half a year, four days at once',
      ],
      [
        'start orders_daily --partition 2024-01-31 --tier critical --sla-deadline +2h',
        'one day, urgently',
      ],
      ['start clicks --partitions-file keys.txt --dry-run', 'see what it would do'],
      [
        'start report --start 2024-01 --end 2024-01 --include-upstream --dry-run',
        'with what it is made from: the tree',
      ],
    ],
    needs: onTenant,
    writes: (flags) => !flags.has('dry-run'),
    words: { least: 1, most: anyNumber },
  },
  json: () => import('./start-json.ts'),
  read([asset = '', ...more], flags, problems) {
    // A shell expands `--partition 2024-01-{01..03}`: the words after the asset are keys.
    const partitions = flags.texts('partition');
    for (const word of partitions.length === 0 ? more : []) {
      problems.push({ message: `start does not take "${word}"`, hint: `--partition ${word}` });
    }
    return {
      /** Read when the session is to be opened: what is written to stdin may never end. */
      file: flags.text('partitions-file'),
      input: {
        asset,
        partitions: [...partitions, ...more],
        any_key: flags.has('any-key'),
        start: flags.text('start'),
        end: flags.text('end'),
        every: flags.text('every'),
        ...optionsOf(flags),
        include_upstream: flags.has('include-upstream'),
        max_upstream_depth: flags.text('max-upstream-depth'),
        idempotency_key: flags.text('idempotency-key'),
        dry_run: flags.has('dry-run'),
      },
    };
  },
  async run({ file, input }, host) {
    const partitions_file = file === undefined ? undefined : await readKeys(file, host);
    const [{ withSession }, { startBackfill }] = await Promise.all([
      import('../../app/session.ts'),
      import('../../operations/start/start-backfill.ts'),
    ]);
    const started = await withSession(host.settings, ({ writer, tenant, actor, thresholds }) =>
      startBackfill(writer, { tenant, actor }, { ...input, partitions_file }, thresholds),
    );
    return {
      json: started,
      text: async () => (await import('./start-text.ts')).startText(started),
    };
  },
});

async function readKeys(name: string, { io }: Host): Promise<{ name: string; text: string }> {
  const [{ readFile }, { readAll }] = await Promise.all([
    import('node:fs/promises'),
    import('../../cli/io.ts'),
  ]);
  try {
    const bytes = name === '-' ? await readAll(io) : await readFile(name);
    return { name, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch (error) {
    const hint = 'a UTF-8 file with one partition key on each line, or - for stdin';
    throw new UsageError([{ message: `cannot read ${name}: ${messageOf(error)}`, hint }]);
  }
}
