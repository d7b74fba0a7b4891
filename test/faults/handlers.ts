import { effect } from './effect.ts';
import { untidy } from './untidy.ts';

const module = `import { appendFileSync } from 'node:fs';
export default async ({ job_id, partition_key }) => {
  appendFileSync(process.env.EFFECTS, job_id + ' ' + partition_key + '\\n');
  if (partition_key.startsWith('bad')) for (;;);
  if (Math.random() < 0.1) throw new Error('the source is down');
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
};
`;

/** Assets whose handler is SQL: one effect in the table for each completion, no more and no less. */
export const sqlAssets = [
  'fast',
  'slow',
  'hanging',
  'flaky',
  'mart',
  'left',
  'right',
  'source',
  'untidy',
  'remote',
] as const;

/** Assets whose handler may be run again: one line in the file of effects for each attempt that got so far, at least one for each completion. */
export const programAssets = ['program', 'module', 'killer', 'endpoint'] as const;

/** Days of the mart are made from a left and a right half, and both from the hours of one source: a diamond. */
export const lineage: readonly (readonly [downstream: string, upstream: string])[] = [
  ['mart', 'left'],
  ['mart', 'right'],
  ['left', 'source'],
  ['right', 'source'],
];

const upstreamsOf = (asset: string) =>
  lineage.filter(([downstream]) => downstream === asset).map(([, upstream]) => `"${upstream}"`);

const daily = (asset: string) =>
  `asset_type = "lineage"\nevery = "day"\nupstreams = [${upstreamsOf(asset)}]\n`;

/** A few days, or hours, of what others are made from will never come: the jobs above them fail. */
const missing = (share: number) => `${effect}do $$ begin
    if random() < ${share} then perform servo_fail('no such time'); end if; end $$;`;

/** The files of a handler directory. @param endpoint URL that partitions are posted to */
export function handlerFiles(endpoint: string): Record<string, string> {
  return {
    'fast.sql': effect,
    // An external writer claims its jobs and ignores limits, so it has a type of its own.
    'fast.toml': 'asset_type = "table"\n',
    'slow.sql': `${effect}select pg_sleep(random() * 0.2);`,
    'hanging.sql': `${effect}select pg_sleep(case when random() < 0.03 then 30 else 0.01 end);`,
    'flaky.sql': `${effect}do $$ begin
    if starts_with(current_setting('servo.partition_key'), 'bad') then perform servo_fail('no such day');
    elsif random() < 0.1 then raise exception 'the source is down';
    elsif random() < 0.1 then perform servo_retry('not yet', '50 ms'); end if; end $$;`,
    program: `#!/bin/sh
echo "$SERVO_JOB_ID $SERVO_PARTITION_KEY" >> "$EFFECTS"
case $SERVO_PARTITION_KEY in bad*) echo 'no such day'; exit 65;; esac
[ $(($$ % 9)) = 0 ] && exit 1
sleep 0.0$(($$ % 10))
`,
    'module.mjs': module,
    killer: `#!/bin/sh
echo "$SERVO_JOB_ID $SERVO_PARTITION_KEY" >> "$EFFECTS"
case $SERVO_PARTITION_KEY in bad*) kill -9 $PPID; sleep 1;; esac
`,
    'endpoint.toml': `[http]\nurl = "${endpoint}"\n`,
    'untidy.sql': untidy,
    // As a foreign table does whose server is away.
    'remote.sql': `${effect}do $$ begin if (select down from remote_state) then
      raise exception using errcode = '08001', message = 'could not connect to server "remote"'; end if; end $$;`,
    'mart.sql': effect,
    'mart.toml': daily('mart'),
    'left.sql': missing(0.04),
    'left.toml': daily('left'),
    'right.sql': `${effect}select pg_sleep(random() * 0.05);`,
    'right.toml': daily('right'),
    'source.sql': missing(0.002),
    'source.toml': 'asset_type = "lineage"\nevery = "hour"\n',
  };
}
