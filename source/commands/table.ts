import type { Needs } from '../config.ts';
import { granularities } from '../domain/partition/period.ts';
import type { Command } from './command.ts';
import type { FlagRow } from './flags.ts';
import { newJobFlags } from './job-flags.ts';
import { metricsFlags } from './metrics-flags.ts';
import { actingCommands } from './table-acting.ts';
import { lookingCommands } from './table-looking.ts';
import { operatingCommands } from './table-operating.ts';
import { paperCommands } from './table-papers.ts';
import { riskCommands } from './table-risk.ts';
import { throttleFlags } from './throttle-flags.ts';

const onTenant: Needs = { database: true, tenants: 'one' };

/** What `servo-tui` runs when no command is named. */
export const consoleCommand: Command = {
  name: 'console',
  usage: '',
  summary: 'the console; without a terminal the same as list',
  flags: [],
  examples: [
    ['', 'the console'],
    ['--json', 'the job table, once, as JSON'],
  ],
  needs: onTenant,
  writes: false,
  words: { least: 0, most: 0 },
  load: async () => (await import('./console.ts')).runConsole,
};

/** `servo-tui --worker`. */
export const workerCommand: Command = {
  name: '--worker',
  usage: '[--handlers DIR] [--slots N] [--grace D] [--tenant A,B] [--metrics-port P]',
  summary: 'the headless executor',
  flags: [
    { name: 'worker', help: 'run partitions until told to stop' },
    { name: 'handlers', value: 'DIR', variable: true, help: 'the handlers (default ./handlers)' },
    { name: 'slots', value: 'N', variable: true, help: 'handlers at once (default: CPU count)' },
    {
      name: 'grace',
      value: 'D',
      variable: true,
      help: 'time to finish after SIGTERM (default 30s)',
    },
    ...throttleFlags,
    ...metricsFlags,
  ],
  examples: [
    ['--worker --handlers ./handlers', 'run the jobs of the assets that have a handler there'],
    ['--worker --tenant acme,globex --slots 8', 'for two tenants'],
    ['--worker --hold-replication-lag 10s --pause-at-failure-rate 20', 'more careful'],
    ['--worker --metrics-port 9464', 'with /metrics, /healthz and /readyz'],
  ],
  needs: { database: true, tenants: 'many' },
  writes: true,
  words: { least: 0, most: 0 },
  service: true,
  load: async () => (await import('./worker.ts')).runWorker,
};

const stateFlag: FlagRow = {
  name: 'state',
  value: 'S',
  multiple: true,
  also: ['status'],
  help: 'only jobs in this state (a,b for several; active, ended)',
};

/** Every command that is named by a word. */
export const commands: readonly Command[] = [
  {
    name: 'demo',
    usage: '',
    summary: 'real data, a worker and the console, in a database of its own',
    flags: [],
    examples: [['demo', 'watch a backfill of 7,670 days run']],
    needs: { database: false, tenants: 'none' },
    writes: true,
    words: { least: 0, most: 0 },
    load: async () => (await import('./demo.ts')).demo,
  },
  {
    name: 'list',
    usage: '[FILTER…] [--state S] [--asset A] [--sort C] [--limit 100]',
    summary: 'the job table: what needs attention first, then what is alive, then the newest',
    flags: [
      stateFlag,
      {
        name: 'asset',
        value: 'A',
        multiple: true,
        help: 'only jobs of this asset (orders* or a,b for several; a name with commas in "…")',
      },
      { name: 'sort', value: 'C', help: 'by this column of the table; -C the other way round' },
      { name: 'limit', value: 'N', help: 'at most so many (default 100)' },
    ],
    examples: [
      ['list --state running', 'what runs now'],
      ["list risk:at-risk 'priority:<4' sla:none,later-than:3f2a '!test'", 'as in the console'],
      ['list state:failed --sort=-age', 'the newest first'],
      ["list --asset 'orders*' --json | jq '.jobs[].id'", 'ids for a script'],
    ],
    needs: onTenant,
    writes: false,
    words: { least: 0, most: 100 },
    load: async () => (await import('./list.ts')).list,
  },
  {
    name: 'status',
    usage: 'JOB [--watch] | JOB… --watch',
    summary: 'one job: progress, ETA, risk, failed partitions, journal',
    flags: [
      {
        name: 'watch',
        help: 'a line for each change, until the jobs have ended; exit 9 unless all of them are completed',
      },
    ],
    examples: [
      ['status 3f2a', 'by the first characters of its id'],
      ['status 3f2a --watch && ./publish', 'wait for its end; only if it has completed'],
    ],
    needs: onTenant,
    writes: false,
    words: { least: 1, most: Number.POSITIVE_INFINITY },
    load: async () => (await import('./status.ts')).status,
  },
  {
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
    words: { least: 1, most: Number.POSITIVE_INFINITY },
    load: async () => (await import('./start.ts')).start,
  },
  ...actingCommands,
  ...lookingCommands,
  ...riskCommands,
  ...paperCommands,
  ...operatingCommands,
  {
    name: 'migrate',
    usage: '[--check | [--print] --rls --roles --tenant-role TENANT]',
    summary: 'bring the database to the schema of this program',
    flags: [
      { name: 'check', help: 'say what would be done; exit 6 if anything' },
      {
        name: 'print',
        help: 'the SQL that would be run, on stdout; with the other flags also theirs',
      },
      { name: 'rls', help: 'also add row-level security where another program left it out' },
      {
        name: 'roles',
        help: 'also make servo_reader and servo_operator, who may less than servo_app',
      },
      {
        name: 'tenant-role',
        value: 'TENANT',
        help: 'also make servo_tenant_TENANT: the rights of servo_app, for this tenant only',
      },
    ],
    examples: [
      ['migrate --check', 'is there anything to do?'],
      ['migrate', 'do it; twice does nothing'],
    ],
    needs: { database: true, tenants: 'none' },
    writes: (flags) => !flags.has('check') && !flags.has('print'),
    words: { least: 0, most: 0 },
    load: async () => (await import('./migrate.ts')).migrate,
  },
  {
    name: 'env',
    usage: '[--password]',
    summary: "variables with which the runbooks' psql lines work as printed",
    flags: [{ name: 'password', help: 'with the password, which is left out otherwise' }],
    examples: [['env', 'eval "$(servo-tui env)" sets them']],
    needs: onTenant,
    writes: false,
    words: { least: 0, most: 0 },
    load: async () => (await import('./env.ts')).env,
  },
  {
    name: 'embedded',
    usage: 'stop | status | reset',
    summary: 'the built-in database server',
    flags: [],
    examples: [
      ['embedded status', 'is it running, and where are its files'],
      ['embedded reset --yes', 'stop it and delete its data'],
    ],
    needs: { database: false, tenants: 'none' },
    writes: (_, input) => input[0] !== 'status',
    words: { least: 1, most: 1 },
    load: async () => (await import('./embedded.ts')).embedded,
  },
  {
    name: 'schema',
    usage: '[COMMAND]',
    summary: 'the JSON Schema of what a command prints with --json',
    flags: [],
    examples: [
      ['schema list', 'of one command'],
      ['schema', 'of all, by command'],
    ],
    needs: { database: false, tenants: 'none' },
    writes: false,
    words: { least: 0, most: 1 },
    load: async () => (await import('./schema.ts')).schema,
  },
];
