import type { Command } from '../cli/command.ts';
import type { Needs } from '../config.ts';
import { liveJobFlags, newJobFlags, reason } from './jobs/job-flags.ts';

const onTenant: Needs = { database: true, tenants: 'one' };
const any = Number.POSITIVE_INFINITY;

/** Commands that change a job that is there. */
export const actingCommands: readonly Command[] = [
  {
    name: 'pause',
    usage: 'JOB… [--reason R]',
    summary: 'claim no more partitions; those at work are finished',
    flags: [reason],
    examples: [['pause 3f2a --reason "db maintenance"', '']],
    needs: onTenant,
    writes: true,
    words: { least: 1, most: any },
    load: async () => (await import('./jobs/act.ts')).pause,
  },
  {
    name: 'resume',
    usage: 'JOB… [--reason R]',
    summary: 'go on from the checkpoint',
    flags: [reason],
    examples: [['resume 3f2a', '']],
    needs: onTenant,
    writes: true,
    words: { least: 1, most: any },
    load: async () => (await import('./jobs/act.ts')).resume,
  },
  {
    name: 'cancel',
    usage: 'JOB… --reason R [--stop-running]',
    summary: 'end a job for good; what is not done is skipped',
    flags: [
      reason,
      { name: 'stop-running', help: 'also stop the attempts that run, which may finish otherwise' },
    ],
    examples: [
      ['cancel 3f2a --reason "maintenance window"', 'what runs may finish'],
      ['cancel 3f2a --reason "it loops" --stop-running', 'and nothing of it runs on'],
    ],
    needs: onTenant,
    writes: true,
    words: { least: 1, most: any },
    load: async () => (await import('./jobs/act.ts')).cancel,
  },
  {
    name: 'reclaim',
    usage: 'JOB… [--reason R]',
    summary:
      'take a running job from an executor that is stuck; what runs is tried again, and of a cancelled job stopped',
    flags: [reason],
    examples: [['reclaim 3f2a --reason "its host is gone"', '']],
    needs: onTenant,
    writes: true,
    words: { least: 1, most: any },
    load: async () => (await import('./jobs/act.ts')).reclaim,
  },
  {
    name: 'retry',
    usage: 'JOB [--partition K…] [--reason R]',
    summary: 'failed partitions again: in place, or as a new job when it has ended',
    flags: [
      { name: 'partition', value: 'K', multiple: true, help: 'only this one; again for more' },
      reason,
    ],
    examples: [
      ['retry 3f2a --reason "the source is back"', 'everything that failed'],
      ['retry 3f2a --partition 2024-01-31', 'one of them'],
    ],
    needs: onTenant,
    writes: true,
    words: { least: 1, most: any },
    load: async () => (await import('./jobs/retry.ts')).retry,
  },
  {
    name: 'recreate',
    usage: "JOB [start's options] --reason R",
    summary: 'cancel, and a new job of the unfinished keys, in one transaction',
    flags: [
      ...newJobFlags.filter((row) => row.name !== 'idempotency-key'),
      { name: 'without-upstream', help: 'run it although an upstream of the old job is not done' },
      reason,
    ],
    examples: [
      ['recreate 3f2a --priority 10 --reason "SLA at risk"', 'what is not said is as it was'],
      ['recreate 3f2a --parallel 8 --reason "too slow" --dry-run', 'see what it would do'],
      [
        'recreate 3f2a --include-upstream --reason "the source is back"',
        'after an upstream failed: with what the upstreams left undone',
      ],
    ],
    needs: onTenant,
    writes: (flags) => !flags.has('dry-run'),
    words: { least: 1, most: 1 },
    load: async () => (await import('./jobs/recreate.ts')).recreate,
  },
  {
    name: 'set',
    also: ['update-sla', 'set-priority'],
    usage:
      'JOB [--priority N] [--deadline T|none] [--parallel N] [--max-attempts N] [--timeout D] [--reason R]',
    summary: 'change how a living job is run, from its next step on',
    flags: liveJobFlags,
    examples: [
      ['set 3f2a --parallel 8 --priority 9', 'faster, and before others'],
      ['update-sla 3f2a --deadline 2024-01-17T00:00:00Z --reason "agreed with finance"', ''],
    ],
    needs: onTenant,
    writes: true,
    words: { least: 1, most: 1 },
    load: async () => (await import('./jobs/set.ts')).set,
  },
  {
    name: 'plan',
    usage: 'ACTION FILTER… [--priority N] [--deadline T] [--parallel N] [--reason R] > plan.json',
    summary: 'one action on all jobs that match, for a second engineer to check and apply',
    flags: [
      ...liveJobFlags,
      { name: 'expires', value: 'D', help: 'how long it may be applied (default 1h, at most 7d)' },
    ],
    examples: [
      [`plan pause state:running 'priority:<4' --reason "SLA at risk" > plan.json`, ''],
      ['plan retry state:failed asset:orders* > plan.json', 'what failed, of some assets'],
      ['plan set sla:none --priority 0 > plan.json', ''],
    ],
    needs: onTenant,
    writes: false,
    words: { least: 1, most: any },
    load: async () => (await import('./jobs/plan.ts')).plan,
  },
  {
    name: 'apply',
    usage: 'FILE|-',
    summary: 'run a plan: each job only if it is still as planned, and none twice',
    flags: [],
    examples: [
      ['apply plan.json', 'shows it, and asks'],
      ['apply plan.json --yes --json', 'from a script: exit 7 if some could not be done'],
    ],
    needs: onTenant,
    writes: true,
    words: { least: 1, most: 1 },
    load: async () => (await import('./jobs/apply.ts')).apply,
  },
];
