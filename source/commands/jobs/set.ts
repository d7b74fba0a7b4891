import { onSession } from '../../app/command.ts';
import { asciiText } from '../../cli/ascii.ts';
import { onTenant } from '../../cli/spec.ts';
import { shortId } from '../../domain/job/reference.ts';
import { describeChanges } from '../../domain/job/settings.ts';
import type { SetResult } from '../../operations/act/set.ts';
import { safeText } from '../../presentation/text/safe-text.ts';
import { dryRunFlag } from './dry-run.ts';
import { liveJobFlags, reasonOf } from './job-flags.ts';

export const set = onSession({
  spec: {
    name: 'set',
    also: ['update-sla', 'set-priority'],
    usage:
      'JOB [--priority N] [--deadline T|none] [--parallel N] [--max-attempts N] [--timeout D] [--reason R] [--dry-run]',
    summary: 'change how an unfinished job is run, from its next batch on',
    flags: [...liveJobFlags, dryRunFlag],
    examples: [
      ['set 3f2a --parallel 8 --priority 9', 'faster, and before others'],
      ['set 3f2a --parallel 8 --dry-run', 'how much faster, and at whose cost'],
      ['update-sla 3f2a --deadline 2024-01-17T00:00:00Z --reason "agreed with finance"', ''],
    ],
    needs: onTenant,
    writes: (flags) => !flags.has('dry-run'),
    words: { least: 1, most: 1 },
  },
  json: () => import('./set-json.ts'),
  read: ([reference = ''], flags) => ({
    reference,
    reason: reasonOf(flags),
    dry_run: flags.has('dry-run'),
    settings: {
      priority: flags.text('priority'),
      deadline: flags.text('deadline'),
      parallel: flags.text('parallel'),
      max_attempts: flags.text('max-attempts'),
      timeout: flags.text('timeout'),
    },
  }),
  async run({ reference, reason, dry_run, settings }, session) {
    const { reader, writer, tenant, actor, thresholds, view } = session;
    const [{ resolveJob }, { setJob, previewSet }] = await Promise.all([
      import('../../operations/jobs/resolve-job.ts'),
      import('../../operations/act/set.ts'),
    ]);
    const id = await resolveJob(writer, tenant, reference);
    if (dry_run) {
      const [{ readEffects }, { effectText }] = await Promise.all([
        import('../../operations/forecast/read-effects.ts'),
        import('../../presentation/job/effect-text.ts'),
      ]);
      const result = await previewSet(reader, tenant, id, settings, thresholds);
      const asked = [{ id, action: 'set' as const, parameters: settings }];
      const forecast = await readEffects(reader, tenant, asked);
      const text = `would ${textOf(result).replace(/\n$/, '; nothing has been written\n')}`;
      return {
        json: { ...result, dry_run, forecast },
        text: () => asciiText(view, `${text}${effectText(forecast)}`),
      };
    }
    const author = { tenant, actor, reason };
    const result = await setJob(writer, author, id, settings, undefined, thresholds);
    return { json: result, text: () => asciiText(view, textOf(result)) };
  },
});

function textOf({ changes, job }: SetResult): string {
  const name = `${safeText(job.asset_name)} ${shortId(job.id)}`;
  return changes.length === 0
    ? `${name}: nothing to change\n`
    : `set ${name}: ${describeChanges(changes)}\n`;
}
