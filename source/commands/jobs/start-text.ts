import type { JobView } from '../../domain/job/job.ts';
import { shortId } from '../../domain/job/reference.ts';
import type { Recreated } from '../../operations/act/recreate.ts';
import type { Started, StartPlan } from '../../operations/start/start-backfill.ts';
import type { UpstreamPlan } from '../../operations/start/upstream-plan.ts';
import { plural } from '../../presentation/text/format.ts';
import { safeText } from '../../presentation/text/safe-text.ts';
import { effectLines, forecastLines } from './forecast-text.ts';

export function startText({ created, job, plan }: Started): string {
  if (plan !== null && job === null) return planText(plan);
  const { id, asset_name, state } = job!;
  if (!created) {
    return `${safeText(asset_name)} ${id} exists already (${state}): same idempotency key\n`;
  }
  return startedText(job!);
}

export function recreateText({ job, plan, replaced }: Recreated): string {
  const { id, state, in_flight } = replaced;
  const old = shortId(id);
  const verb = in_flight === 1 ? 'runs' : 'run';
  const flight =
    in_flight === 0
      ? ''
      : `${plural(in_flight, 'partition')} of these still ${verb} in ${old}: not run again where completed there\n`;
  if (plan !== null) return `${planText(plan)}${flight}`;
  const said = state === 'cancelled' ? `cancelled ${old}` : `${old} stays ${state}`;
  return `${said}\n${startedText(job!)}${flight}`;
}

function startedText(job: JobView): string {
  const { id, asset_name, total_partitions, sla_deadline_at, waiting_upstream_count } = job;
  const deadline = sla_deadline_at === null ? '' : `, deadline ${sla_deadline_at.toISOString()}`;
  const waits =
    waiting_upstream_count === 0
      ? ''
      : `, after ${plural(waiting_upstream_count, 'job')} of its upstreams`;
  return `started ${safeText(asset_name)} ${id}: ${plural(total_partitions, 'partition')}${deadline}${waits}\nwatch it with: servo-tui status ${id.slice(0, 8)} --watch\n`;
}

function planText(plan: StartPlan): string {
  const deadline =
    plan.sla_deadline_at === null ? '' : `, deadline ${plan.sla_deadline_at.toISOString()}`;
  const lines = [
    `would start ${safeText(plan.asset_name)}: ${spanOf(plan)}, priority ${plan.priority}${deadline}; nothing has been written`,
    ...treeLines(plan),
    ...(plan.forecast === null ? [] : forecastLines(plan.forecast)),
    ...(plan.effect === null ? [] : effectLines(plan.effect)),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function treeLines({ upstreams }: StartPlan): string[] {
  const byName = new Map(upstreams.map((node) => [node.asset_name, node]));
  const needed = new Set(upstreams.flatMap((node) => node.needs));
  const told = new Set<string>();
  const lines: string[] = [];
  const add = (name: string, depth: number) => {
    const node = byName.get(name)!;
    const indent = '  '.repeat(depth);
    if (told.has(name)) {
      lines.push(`${indent}after ${safeText(name)} (as above)`);
      return;
    }
    told.add(name);
    lines.push(`${indent}after ${safeText(name)}: ${workOf(node)}`);
    for (const upstream of node.needs) add(upstream, depth + 1);
  };
  const direct = upstreams.filter((node) => node.direct || !needed.has(node.asset_name));
  for (const node of direct.toReversed()) add(node.asset_name, 1);
  return lines;
}

function workOf(node: UpstreamPlan): string {
  const { existing, total_partitions } = node;
  const jobs = existing.map(shortId).join(', ');
  const unfinished = existing.length === 0 ? [] : [`what ${jobs} has to do already`];
  const own = total_partitions === 0 ? [] : [spanOf(node)];
  return [...own, ...unfinished].join(', and ');
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
