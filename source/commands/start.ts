import { readFile } from 'node:fs/promises';
import type { StartInput } from '../domain/start-request.ts';
import { messageOf, UsageError } from '../errors.ts';
import { type Started, startBackfill } from '../operations/start-backfill.ts';
import { plural } from '../presentation/format.ts';
import { safeText } from '../presentation/safe-text.ts';
import type { Invocation, Output } from './command.ts';
import type { Flags } from './flags.ts';
import { type Io, readAll } from './io.ts';
import { withSession } from './session.ts';

/** `servo-tui start ASSET …`. */
export async function start({ input, flags, settings, io }: Invocation): Promise<Output> {
  const request = await inputOf(input, flags, io);
  const started = await withSession(settings, (session) =>
    startBackfill(session.writer, { tenant: session.tenant, actor: session.actor }, request),
  );
  return { json: started, text: () => textOf(started) };
}

async function inputOf(words: readonly string[], flags: Flags, io: Io): Promise<StartInput> {
  const [asset, ...more] = words;
  // `--partition a b c`, as a shell expands `--partition 2024-01-{01..03}`: the words after the asset are keys.
  const partitions = flags.texts('partition');
  if (more.length > 0 && partitions.length === 0) {
    throw new UsageError(
      more.map((word) => ({
        message: `start does not take "${word}"`,
        hint: `--partition ${word}`,
      })),
    );
  }
  const file = flags.text('partitions-file');
  return {
    asset: asset!,
    partitions: [...partitions, ...more],
    partitions_file:
      file === undefined ? undefined : { name: file, text: await readKeys(file, io) },
    start: flags.text('start'),
    end: flags.text('end'),
    every: flags.text('every'),
    priority: flags.text('priority'),
    tier: flags.text('tier'),
    sla_deadline: flags.text('sla-deadline'),
    parallel: flags.text('parallel'),
    max_attempts: flags.text('max-attempts'),
    timeout: flags.text('timeout'),
    reverse: flags.has('reverse'),
    idempotency_key: flags.text('idempotency-key'),
    dry_run: flags.has('dry-run'),
  };
}

async function readKeys(file: string, io: Io): Promise<string> {
  try {
    const bytes = file === '-' ? await readAll(io) : await readFile(file);
    // Not with replacement characters: two keys that differ must not become one.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    const hint = 'a UTF-8 file with one partition key on each line, or - for stdin';
    throw new UsageError([{ message: `cannot read ${file}: ${messageOf(error)}`, hint }]);
  }
}

function textOf({ created, job, plan }: Started): string {
  if (plan !== null && job === null) {
    const { asset_name, total_partitions, first_key, last_key, priority } = plan;
    const deadline =
      plan.sla_deadline_at === null ? '' : `, deadline ${plan.sla_deadline_at.toISOString()}`;
    const span = total_partitions === 1 ? first_key : `${first_key} to ${last_key}`;
    return `would start ${safeText(asset_name)}: ${plural(total_partitions, 'partition')} (${safeText(span)}), priority ${priority}${deadline}; nothing has been written\n`;
  }
  const { id, asset_name, total_partitions, state, sla_deadline_at } = job!;
  if (!created)
    return `${safeText(asset_name)} ${id} is there already (${state}): same idempotency key\n`;
  const deadline = sla_deadline_at === null ? '' : `, deadline ${sla_deadline_at.toISOString()}`;
  return `started ${safeText(asset_name)} ${id}: ${plural(total_partitions, 'partition')}${deadline}\nwatch it with: servo-tui status ${id.slice(0, 8)} --watch\n`;
}
