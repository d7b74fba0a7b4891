import { readClock } from '../database/queries/read-clock.ts';
import { applicable, type PlanFile } from '../domain/plan.ts';
import { exitCodes, ServoError, UsageError } from '../errors.ts';
import type { Outcome } from '../operations/act-on-job.ts';
import { applyPlan } from '../operations/apply-plan.ts';
import { plural } from '../presentation/format.ts';
import { planText } from '../presentation/plan-words.ts';
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
    await agree(plan, name, invocation);
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
async function agree(plan: PlanFile, name: string, { flags, io }: Invocation): Promise<void> {
  if (flags.has('yes')) return;
  if (!io.terminal || flags.has('json') || name === '-') {
    const message = `apply of ${plural(applicable(plan).length, 'job')} wants a yes`;
    throw new UsageError([{ message, hint: '--yes' }]);
  }
  io.stderr.write(planText(plan));
  if (await confirm(io, `${plan.action} ${plural(applicable(plan).length, 'job')}?`)) return;
  throw new ServoError('interrupted', 'nothing has been done');
}
