import type { Random } from './random.ts';

/**
 * Settings that an administrator may have made for the role, each with a value that is not the server's own default. Not
 * default_transaction_read_only, which means what it says: executors wait.
 */
const settings: Readonly<Record<string, readonly string[]>> = {
  TimeZone: ['Asia/Kolkata', 'America/St_Johns'],
  DateStyle: ['German, DMY', 'SQL, MDY'],
  IntervalStyle: ['sql_standard', 'iso_8601'],
  extra_float_digits: ['-15'],
  bytea_output: ['escape'],
  array_nulls: ['off'],
  standard_conforming_strings: ['off'],
  backslash_quote: ['on'],
  quote_all_identifiers: ['on'],
  transform_null_equals: ['on'],
  default_transaction_isolation: ['repeatable read', 'serializable'],
  default_transaction_deferrable: ['on'],
  enable_indexscan: ['off'],
  enable_nestloop: ['off'],
  plan_cache_mode: ['force_custom_plan', 'force_generic_plan'],
  random_page_cost: ['1000'],
  jit_above_cost: ['0'],
  statement_timeout: ['5s'],
  lock_timeout: ['50ms'],
  idle_in_transaction_session_timeout: ['3s'],
  client_min_messages: ['debug1'],
  synchronous_commit: ['off'],
};

/** Three of them by the seed, as `name = value`. */
export function drawDefaults(random: Random): [name: string, value: string][] {
  const names = Object.keys(settings);
  const drawn = new Set<string>();
  while (drawn.size < 3) drawn.add(random.pick(names));
  return [...drawn].sort().map((name) => [name, random.pick(settings[name]!)]);
}
