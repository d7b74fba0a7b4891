import type { FlagRow, Flags } from '../../cli/flags.ts';
import { tiers } from '../../domain/risk/tier.ts';
import type { OptionsInput } from '../../domain/start/request.ts';

export const reasonFlag: FlagRow = {
  name: 'reason',
  value: 'R',
  help: 'why: recorded in the journal',
};

const priority: FlagRow = {
  name: 'priority',
  value: 'N',
  help: '-10 to 10, higher first (default 0)',
};
const parallel: FlagRow = {
  name: 'parallel',
  value: 'N',
  help: 'partitions at once, over all hosts (default 1)',
};
const maxAttempts: FlagRow = {
  name: 'max-attempts',
  value: 'N',
  help: 'failures before a partition is given up (default 3)',
};
const timeout: FlagRow = { name: 'timeout', value: 'D', help: 'for one attempt (default 5m)' };

export const newJobFlags: readonly FlagRow[] = [
  priority,
  { name: 'tier', value: 'T', help: `${tiers.join(', ')}: a priority by name` },
  { name: 'sla-deadline', value: 'T', help: 'ISO 8601 (no zone: UTC), or relative: +2h' },
  parallel,
  maxAttempts,
  timeout,
  { name: 'reverse', help: 'the newest partitions first' },
  { name: 'include-upstream', help: 'first what it is made from, as the lineage says' },
  {
    name: 'max-upstream-depth',
    value: 'N',
    help: 'levels of upstreams beyond the direct ones (0 to 10, default 0)',
  },
  { name: 'idempotency-key', value: 'K', help: 'starting twice with the same key starts once' },
  { name: 'dry-run', help: 'say what would be started, and write nothing' },
];

export const liveJobFlags: readonly FlagRow[] = [
  { ...priority, help: '-10 to 10, higher first' },
  { name: 'deadline', value: 'T', help: 'ISO 8601 (no zone: UTC), relative (+2h), or none' },
  { ...parallel, help: 'partitions at once, over all hosts' },
  { ...maxAttempts, help: 'failures before a partition is given up' },
  { ...timeout, help: 'for one attempt' },
  reasonFlag,
];

export function reasonOf(flags: Flags): string | null {
  return flags.text('reason')?.trim() || null;
}

export function optionsOf(flags: Flags): OptionsInput {
  return {
    priority: flags.text('priority'),
    tier: flags.text('tier'),
    sla_deadline: flags.text('sla-deadline'),
    parallel: flags.text('parallel'),
    max_attempts: flags.text('max-attempts'),
    timeout: flags.text('timeout'),
    reverse: flags.has('reverse'),
  };
}

export type Order = {
  references: readonly string[];
  reason: string | null;
  stop: boolean;
  dry_run: boolean;
};

export function readOrder(input: readonly string[], flags: Flags): Order {
  return {
    references: input,
    reason: reasonOf(flags),
    stop: flags.has('stop-running'),
    dry_run: flags.has('dry-run'),
  };
}
