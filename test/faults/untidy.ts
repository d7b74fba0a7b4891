import { effect } from './effect.ts';

/** What the next attempt on the connection must not find; it says so by failing for good. */
const probes: Readonly<Record<string, string>> = {
  setting: `coalesce(current_setting('my.leftover', true), '') <> ''`,
  search_path: `current_setting('search_path') like '%elsewhere%'`,
  TimeZone: `current_setting('TimeZone') = 'Asia/Tokyo'`,
  DateStyle: `current_setting('DateStyle') like 'SQL%'`,
  statement_timeout: `current_setting('statement_timeout') = '17s'`,
  isolation: `current_setting('default_transaction_read_only') = 'on'`,
  'temporary object': 'exists (select from pg_class where relnamespace = pg_my_temp_schema())',
  'prepared statement': 'exists (select from pg_prepared_statements)',
  'cursor with hold': "exists (select from pg_cursors where is_holdable and name = 'held')",
  channel: `exists (select from pg_listening_channels() c where c = 'gossip')`,
  'advisory lock': `exists (select from pg_locks where pid = pg_backend_pid() and locktype = 'advisory' and objid = 4711)`,
};

/** What an attempt leaves: one of these, drawn at random. Each would harm the attempts after it, of any asset. */
const leftovers: readonly string[] = [
  `set my.leftover = 'here'`,
  'set search_path = elsewhere, public',
  `set timezone = 'Asia/Tokyo'`,
  `set datestyle = 'SQL, DMY'`,
  `set statement_timeout = '17s'`,
  'set default_transaction_read_only = on',
  `set app.current_tenant = 'globex'`,
  'set lock_timeout = 1',
  'create temp table effects (like public.effects)',
  'create temp table backfill_jobs (like public.backfill_jobs)',
  'create temp table backfill_partitions (like public.backfill_partitions)',
  'prepare leftover as select 1',
  'declare held cursor with hold for select 1',
  'listen gossip',
  'select pg_try_advisory_lock(4711)',
];

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;

/**
 * A handler that stages in a temporary table, as is usual, and leaves something behind in its session, whether it completes or
 * fails; it fails for good where it finds what another attempt has left.
 */
export const untidy = `do $$ begin
${Object.entries(probes)
  .map(
    ([what, found]) => `  if ${found} then perform public.servo_fail('leftover: ${what}'); end if;`,
  )
  .join('\n')}
end $$;
create temp table stage as select 1 as one;
${effect}do $$ begin
  execute (array[${leftovers.map(quoted).join(', ')}])[1 + floor(random() * ${leftovers.length})::int];
  if random() < 0.15 then raise exception 'the source is down'; end if;
end $$;
`;
