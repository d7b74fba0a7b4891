import { onSession } from '../../app/command.ts';
import { asciiText } from '../../cli/ascii.ts';
import { onTenant } from '../../cli/spec.ts';
import { newJobFlags, optionsOf, reasonFlag } from './job-flags.ts';

export const recreate = onSession({
  spec: {
    name: 'recreate',
    usage: "JOB [start's options] --reason R",
    summary: 'cancel, and a new job of the unfinished keys, in one transaction',
    flags: [
      ...newJobFlags.filter((row) => row.name !== 'idempotency-key'),
      { name: 'without-upstream', help: 'run it although an upstream of the old job is not done' },
      reasonFlag,
    ],
    examples: [
      ['recreate 3f2a --priority 10 --reason "SLA at risk"', 'all other settings stay'],
      ['recreate 3f2a --parallel 8 --reason "too slow" --dry-run', 'see what it would do'],
      [
        'recreate 3f2a --include-upstream --reason "the source is back"',
        'after an upstream failed: with what the upstreams left undone',
      ],
    ],
    needs: onTenant,
    writes: (flags) => !flags.has('dry-run'),
    words: { least: 1, most: 1 },
  },
  json: () => import('./recreate-json.ts'),
  read: ([reference = ''], flags) => ({
    reference,
    reason: flags.text('reason') ?? null,
    options: {
      ...optionsOf(flags),
      include_upstream: flags.has('include-upstream'),
      max_upstream_depth: flags.text('max-upstream-depth'),
      without_upstream: flags.has('without-upstream'),
      dry_run: flags.has('dry-run'),
    },
  }),
  async run({ reference, reason, options }, session) {
    const { reader, writer, tenant, actor, thresholds, view } = session;
    const [{ resolveJob }, { recreateJob }] = await Promise.all([
      import('../../operations/jobs/resolve-job.ts'),
      import('../../operations/act/recreate.ts'),
    ]);
    const id = await resolveJob(writer, tenant, reference);
    const author = { tenant, actor, reason };
    const recreated = await recreateJob(writer, author, id, { ...options, thresholds });
    const { recreateText } = await import('./start-text.ts');
    const { plan } = recreated;
    // What its new upstream jobs take is not in the simulation.
    if (plan === null || plan.upstreams.length > 0)
      return { json: recreated, text: () => recreateText(recreated) };
    const [{ readEffects }, { effectText }] = await Promise.all([
      import('../../operations/forecast/read-effects.ts'),
      import('../../presentation/job/effect-text.ts'),
    ]);
    const { sla_deadline: deadline, parallel } = options;
    const parameters = { priority: String(plan.priority), deadline, parallel };
    const forecast = await readEffects(reader, tenant, [{ id, action: 'recreate', parameters }]);
    return {
      json: { ...recreated, forecast },
      text: () => asciiText(view, `${recreateText(recreated)}${effectText(forecast)}`),
    };
  },
});
