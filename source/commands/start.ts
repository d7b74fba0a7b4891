import { readFile } from 'node:fs/promises';
import type { JobView } from '../domain/job/job.ts';
import { shortId } from '../domain/job/reference.ts';
import type { OptionsInput, StartInput } from '../domain/start/request.ts';
import { messageOf, UsageError } from '../errors.ts';
import {
  type Started,
  type StartPlan,
  startBackfill,
  type UpstreamPlan,
} from '../operations/start/start-backfill.ts';
import { plural } from '../presentation/text/format.ts';
import { safeText } from '../presentation/text/safe-text.ts';
import type { Invocation, Output } from './command.ts';
import type { Flags } from './flags.ts';
import { forecastLines } from './forecast-text.ts';
import { type Io, readAll } from './io.ts';
import { withSession } from './session.ts';

/** `servo-tui start ASSET …`. */
export async function start({ input, flags, settings, io }: Invocation): Promise<Output> {
  const request = await inputOf(input, flags, io);
  const started = await withSession(settings, (session) =>
    startBackfill(
      session.writer,
      { tenant: session.tenant, actor: session.actor },
      request,
      settings.thresholds,
    ),
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
    any_key: flags.has('any-key'),
    start: flags.text('start'),
    end: flags.text('end'),
    every: flags.text('every'),
    ...optionsOf(flags),
    include_upstream: flags.has('include-upstream'),
    max_upstream_depth: flags.text('max-upstream-depth'),
    idempotency_key: flags.text('idempotency-key'),
    dry_run: flags.has('dry-run'),
  };
}

/** The flags of `start` and `recreate` that say how the job is to be run. */
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
  if (plan !== null && job === null) return planText(plan);
  const { id, asset_name, state } = job!;
  if (!created)
    return `${safeText(asset_name)} ${id} is there already (${state}): same idempotency key\n`;
  return startedText(job!);
}

/** A job that was just created, and how to follow it. */
export function startedText(job: JobView): string {
  const { id, asset_name, total_partitions, sla_deadline_at, waiting_upstream_count } = job;
  const deadline = sla_deadline_at === null ? '' : `, deadline ${sla_deadline_at.toISOString()}`;
  const waits =
    waiting_upstream_count === 0
      ? ''
      : `, after ${plural(waiting_upstream_count, 'job')} of its upstreams`;
  return `started ${safeText(asset_name)} ${id}: ${plural(total_partitions, 'partition')}${deadline}${waits}\nwatch it with: servo-tui status ${id.slice(0, 8)} --watch\n`;
}

/** What a dry run says: the job, below it the tree of what it needs, furthest upstream last. */
export function planText(plan: StartPlan): string {
  const deadline =
    plan.sla_deadline_at === null ? '' : `, deadline ${plan.sla_deadline_at.toISOString()}`;
  const lines = [
    `would start ${safeText(plan.asset_name)}: ${spanOf(plan)}, priority ${plan.priority}${deadline}; nothing has been written`,
    ...treeLines(plan),
    ...(plan.forecast === null ? [] : forecastLines(plan.forecast)),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function treeLines({ upstreams }: StartPlan): string[] {
  const byName = new Map(upstreams.map((node) => [node.asset_name, node]));
  const needed = new Set(upstreams.flatMap((node) => node.needs));
  const told = new Set<string>();
  const lines: string[] = [];
  const tell = (name: string, depth: number) => {
    const node = byName.get(name)!;
    const indent = '  '.repeat(depth);
    // One that several need is one job.
    if (told.has(name)) {
      lines.push(`${indent}after ${safeText(name)} (as above)`);
      return;
    }
    told.add(name);
    lines.push(`${indent}after ${safeText(name)}: ${workOf(node)}`);
    for (const upstream of node.needs) tell(upstream, depth + 1);
  };
  const direct = upstreams.filter((node) => node.direct || !needed.has(node.asset_name));
  for (const node of direct.toReversed()) tell(node.asset_name, 1);
  return lines;
}

function workOf(node: UpstreamPlan): string {
  const { existing, total_partitions } = node;
  const jobs = existing.map(shortId).join(', ');
  const living = existing.length === 0 ? [] : [`what ${jobs} has to do already`];
  const own = total_partitions === 0 ? [] : [spanOf(node)];
  return [...own, ...living].join(', and ');
}

function spanOf(part: {
  total_partitions: number;
  first_key: string | null;
  last_key: string | null;
}): string {
  const { total_partitions, first_key, last_key } = part;
  const span = total_partitions === 1 ? `${first_key}` : `${first_key} to ${last_key}`;
  return `${plural(total_partitions, 'partition')} (${safeText(span)})`;
}
