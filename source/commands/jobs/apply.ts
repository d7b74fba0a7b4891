import { onHost } from '../../app/command.ts';
import { asciiText } from '../../cli/ascii.ts';
import { onTenant } from '../../cli/spec.ts';
import type { PlanFile } from '../../domain/plan/plan.ts';
import { exitCodes } from '../../errors.ts';
import type { Outcome } from '../../operations/act/order.ts';
import { plural } from '../../presentation/text/format.ts';

/** Exit 7 unless every job is in the state of the plan. */
export const apply = onHost({
  spec: {
    name: 'apply',
    usage: 'FILE|-',
    summary: 'run a plan: each job only if it is still as planned, and none twice',
    flags: [],
    examples: [
      ['apply plan.json', 'shows it, and asks'],
      ['apply plan.json --yes --json', 'from a script: exit 7 if some could not be done'],
    ],
    needs: onTenant,
    writes: true,
    words: { least: 1, most: 1 },
  },
  json: () => import('./apply-json.ts'),
  read: ([file = '']) => ({ file }),
  async run({ file }, host) {
    const [
      { requireYes },
      { withSession },
      { readClock },
      { applyPlan, reviewPlan },
      { reviewText },
      { outcomeLine },
      { foreseenText },
      { readPlan },
    ] = await Promise.all([
      import('../../app/confirm.ts'),
      import('../../app/session.ts'),
      import('../../database/queries/read-clock.ts'),
      import('../../operations/plan/apply-plan.ts'),
      import('../../presentation/plan/plan-text.ts'),
      import('../../presentation/job/outcome-line.ts'),
      import('./foresee.ts'),
      import('./read-plan.ts'),
    ]);
    const plan = await readPlan(file, host.io);
    return withSession(host.settings, async ({ reader, writer, tenant, actor }) => {
      const author = { tenant, actor };
      const reviewed = await reviewPlan(reader, author, plan);
      const left = reviewed.filter(({ skipped }) => skipped === null).length;
      const action = `${plan.action} ${plural(left, 'job')}`;
      await requireYes(host, action, {
        // stdin has the plan, not an answer.
        mayAsk: file !== '-',
        question: async () => {
          const asked = reviewed.flatMap(({ planned: { id }, skipped }) =>
            skipped === null ? [{ id, action: plan.action, parameters: plan.parameters }] : [],
          );
          const foreseen = await foreseenText(reader, tenant, asked);
          host.io.stderr.write(
            await asciiText(host.view, `${reviewText(plan, reviewed)}${foreseen}`),
          );
          return `${action}?`;
        },
      });
      const results: Outcome[] = [];
      for await (const { retried_keys: _, ...outcome } of applyPlan(writer, author, plan)) {
        results.push(outcome);
      }
      const as_of = await reader.read(tenant, readClock).catch(() => null);
      return {
        json: { as_of, tenant_id: tenant, plan_id: plan.id, action: plan.action, results },
        text: () => asciiText(host.view, `${results.map(outcomeLine).join('')}${tally(results)}\n`),
        exit: results.every((one, index) => isAsPlanned(one, plan, index)) ? 0 : exitCodes.partial,
      };
    });
  },
});

function isAsPlanned(outcome: Outcome, plan: PlanFile, index: number): boolean {
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
