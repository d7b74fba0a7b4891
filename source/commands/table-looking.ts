import type { Needs } from '../config.ts';
import type { Command } from './command.ts';
import type { FlagRow } from './flags.ts';

const onTenant: Needs = { database: true, tenants: 'one' };
const follow: FlagRow = { name: 'follow', help: 'and what comes, until the job has ended' };
const limit: FlagRow = { name: 'limit', value: 'N', help: 'at most so many' };

/** Commands that say why, who and what; two of them can also set it. */
export const lookingCommands: readonly Command[] = [
  {
    name: 'explain',
    usage: 'JOB [--exit-code]',
    summary: 'what keeps a job from running, the scenario of the runbook, evidence, what to do',
    flags: [{ name: 'exit-code', help: 'exit 10 where a check holds for it' }],
    examples: [
      ['explain 3f2a', 'clause, scenario, evidence, recommendation, escalation'],
      ['explain 3f2a --json | jq -r .recommendation.command', 'for a script'],
      ['explain 3f2a --exit-code', 'again after an action: did it help?'],
    ],
    needs: onTenant,
    writes: false,
    words: { least: 1, most: 1 },
    load: async () => (await import('./explain.ts')).explain,
  },
  {
    name: 'triage',
    usage: '[CHECK] [--job JOB] [--sql] [--exit-code]',
    summary: 'every check of the runbooks: what it finds, what it means, what to do',
    flags: [
      { name: 'job', value: 'JOB', help: 'only this job' },
      { name: 'sql', help: 'the statements, to be pasted into psql' },
      {
        name: 'exit-code',
        help: 'exit 10 where something is found, 8 where nothing of the tenant is visible',
      },
    ],
    examples: [
      ['triage', 'all checks, with the worst of each'],
      ['triage stuck', 'its rows, and the remedies'],
      ['triage failed-partitions --job 3f2a', "the runbook's question of one job"],
      ['triage stuck --sql | psql', 'the very statement'],
    ],
    needs: onTenant,
    writes: false,
    words: { least: 0, most: 1 },
    load: async () => (await import('./triage.ts')).triage,
  },
  {
    name: 'alerts',
    usage: '[--exit-code]',
    summary: "the runbooks' alerts by name: firing or not, figure, threshold, since when",
    flags: [
      {
        name: 'exit-code',
        help: 'exit 10 where one fires, 8 where nothing of the tenant is visible',
      },
    ],
    examples: [
      ['alerts', 'with the worst jobs of each'],
      ['alerts --exit-code --json', 'for a monitor'],
    ],
    needs: onTenant,
    writes: false,
    words: { least: 0, most: 0 },
    load: async () => (await import('./alerts.ts')).alerts,
  },
  {
    name: 'executors',
    usage: '',
    summary: 'who runs what: alive, draining, on hold, silent, lost or stopped',
    flags: [],
    examples: [['executors', 'those that have gone in the last hour too']],
    needs: onTenant,
    writes: false,
    words: { least: 0, most: 0 },
    load: async () => (await import('./executors.ts')).executors,
  },
  {
    name: 'events',
    usage: '[JOB] [--follow] [--limit 50]',
    summary: 'the journal: who did what, and what befell attempts',
    flags: [follow, limit],
    examples: [
      ['events --follow', 'of all jobs, as it is written'],
      ['events 3f2a --json', 'of one'],
    ],
    needs: onTenant,
    writes: false,
    words: { least: 0, most: 1 },
    load: async () => (await import('./events.ts')).events,
  },
  {
    name: 'logs',
    usage: 'JOB [KEY] [--follow] [--limit 20]',
    summary: 'what the newest attempt of each partition printed, from whichever host',
    flags: [follow, limit],
    examples: [
      ['logs 3f2a 2024-01-31', 'of one partition'],
      ['logs 3f2a --follow', 'of all, as they end'],
    ],
    needs: onTenant,
    writes: false,
    words: { least: 1, most: 2 },
    load: async () => (await import('./logs.ts')).logs,
  },
  {
    name: 'limits',
    usage: '[set --asset-type T|--asset A|--tenant-wide N|--none]',
    summary: 'how many jobs may run at once, exact over all hosts',
    flags: [
      { name: 'asset-type', value: 'T', help: 'jobs of assets of this type' },
      { name: 'asset', value: 'A', multiple: true, help: 'jobs of this asset' },
      { name: 'tenant-wide', help: 'jobs of the tenant' },
      { name: 'none', help: 'take the limit away' },
    ],
    examples: [
      ['limits', 'what there is, and how many run'],
      ['limits set --asset-type table 2', 'at most two jobs of assets of that type'],
      ['limits set --tenant-wide --none', 'no limit on all of them'],
    ],
    needs: onTenant,
    writes: (_, input) => input.length > 0,
    words: { least: 0, most: 2 },
    load: async () => (await import('./limits.ts')).limits,
  },
  {
    name: 'assets',
    usage: '[sync --handlers DIR]',
    summary: 'what can be backfilled; sync makes those of a handler directory known',
    flags: [{ name: 'handlers', value: 'DIR', help: 'the handlers (default ./handlers)' }],
    examples: [
      ['assets', 'with their defaults, upstreams, and how many executors have a handler'],
      ['assets sync --handlers ./handlers', 'without starting a worker'],
    ],
    needs: onTenant,
    writes: (_, input) => input.length > 0,
    words: { least: 0, most: 1 },
    load: async () => (await import('./assets.ts')).assets,
  },
  {
    name: 'doctor',
    usage: '[--invariants] [--exit-code]',
    summary: 'the way to the database, its schema, roles, clock and executors: what may be wrong',
    flags: [
      { name: 'invariants', help: "check the protocol's invariants on the tenant's rows" },
      {
        name: 'exit-code',
        help: 'exit 10 for a warning too, 8 where nothing of the tenant is visible',
      },
    ],
    examples: [
      ['doctor', 'also without a tenant, and before the first migrate'],
      ['doctor --invariants --exit-code', 'for a monitor'],
    ],
    needs: { database: true, tenants: 'if_any' },
    writes: false,
    words: { least: 0, most: 0 },
    load: async () => (await import('./doctor.ts')).doctor,
  },
];
