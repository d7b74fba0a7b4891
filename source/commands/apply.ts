import { readClock } from '../database/queries/read-clock.ts';
import type { PlanFile, ReviewedJob } from '../domain/plan/plan.ts';
import { exitCodes, ServoError, UsageError } from '../errors.ts';
import type { Outcome } from '../operations/act/order.ts';
import { applyPlan, reviewPlan } from '../operations/plan/apply-plan.ts';
import { reviewText } from '../presentation/plan/plan-text.ts';
import { plural } from '../presentation/text/format.ts';
import { outcomeLine } from './act.ts';
import { asciiText } from './ascii-text.ts';
import type { Invocation, Output } from './command.ts';
import { confirm } from './io.ts';
import { readPlan } from './plan-file.ts';
import { withSession } from './session.ts';

/** `servo-tui apply plan.json`: exit 7 unless every job is as the plan wanted it. */
export async function apply(invocation: Invocation): Promise<Output> {
  const { input, settings, flags, io } = invocation;
  const name = input[0]!;
  const plan = await readPlan(name, io);
  return withSession(settings, async ({ reader, writer, tenant, actor }) => {
    const reviewed = await reviewPlan(reader, { tenant, actor }, plan);
    await agree(plan, reviewed, name, invocation);
    const results: Outcome[] = [];
    for await (const { retried_keys: _, ...outcome } of applyPlan(
      writer,
      { tenant, actor },
      plan,
    )) {
      results.push(outcome);
    }
    const as_of = await reader.read(tenant, readClock).catch(() => null);
    return {
      json: { as_of, tenant_id: tenant, plan_id: plan.id, action: plan.action, results },
      text: () => asciiText(flags, `${results.map(outcomeLine).join('')}${tally(results)}\n`),
      exit: results.every((one, index) => asWanted(one, plan, index)) ? 0 : exitCodes.partial,
    };
  });
}

/** Done, now or by an earlier run; or left alone because the plan says so. */
function asWanted(outcome: Outcome, plan: PlanFile, index: number): boolean {
  return (
    outcome.result === 'applied' || outcome.already === true || plan.jobs[index]?.refusal !== null
  );
}

function tally(results: readonly Outcome[]): string {
  const count = (result: Outcome['result']) =>
    results.filter((one) => one.result === result).length;
  const parts = (['applied', 'skipped', 'failed'] as const).map((one) => `${count(one)} ${one}`);
  return `${plural(results.length, 'job')}: ${parts.join(', ')}`;
}

/** A second engineer says yes: at the terminal, having read it, or as `--yes`. */
async function agree(
  plan: PlanFile,
  reviewed: readonly ReviewedJob[],
  name: string,
  { flags, io }: Invocation,
): Promise<void> {
  if (flags.has('yes')) return;
  const jobs = plural(reviewed.filter(({ skipped }) => skipped === null).length, 'job');
  if (!io.terminal || flags.has('json') || name === '-') {
    const message = `refusing to ${plan.action} ${jobs} without confirmation`;
    throw new UsageError([{ message, hint: '--yes' }]);
  }
  io.stderr.write(reviewText(plan, reviewed));
  if (await confirm(io, `${plan.action} ${jobs}?`)) return;
  throw new ServoError('interrupted', 'nothing has been done');
}
