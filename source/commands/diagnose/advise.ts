import { onHost } from '../../app/command.ts';
import { asciiText } from '../../cli/ascii.ts';
import { invalid } from '../../cli/flags.ts';
import { onTenant } from '../../cli/spec.ts';
import { exitCodes, ServoError } from '../../errors.ts';
import type { Outcome } from '../../operations/act/order.ts';
import { outcomeLine } from '../../presentation/job/outcome-line.ts';
import { plural } from '../../presentation/text/format.ts';

/** Exit 7 if some change of a remedy could not be made. */
export const advise = onHost({
  spec: {
    name: 'advise',
    usage: 'JOB [--apply [--remedy N] [--reason R]]',
    summary: 'what brings a job in on time, by the forecast, and whom it costs',
    flags: [
      { name: 'apply', help: 'make the changes of the first remedy, after a question' },
      { name: 'remedy', value: 'N', help: 'of this one' },
      { name: 'reason', value: 'R', help: 'for the journal' },
    ],
    examples: [
      ['advise 3f2a', 'the cheapest changes first, each with what it makes later'],
      ['advise 3f2a --apply --remedy 2', 'makes the changes of the second one'],
      [
        "advise 3f2a --json | jq '.remedies[0].plans[0]' > plan.json",
        'for a second engineer to check and apply',
      ],
    ],
    needs: onTenant,
    writes: (flags) => flags.has('apply'),
    words: { least: 1, most: 1 },
  },
  json: () => import('./advise-json.ts'),
  read([reference = ''], flags, problems) {
    const text = flags.text('remedy');
    const remedy = text === undefined ? 1 : Number(text);
    if (text !== undefined && !(Number.isInteger(remedy) && remedy > 0))
      problems.push(invalid('remedy', text, "a remedy's number, e.g. 2"));
    for (const name of ['remedy', 'reason'])
      if (flags.text(name) !== undefined && !flags.has('apply'))
        problems.push({ message: `--${name} requires --apply` });
    return { reference, apply: flags.has('apply'), remedy, reason: flags.text('reason') ?? null };
  },
  async run({ reference, apply, remedy, reason }, host) {
    const [{ requireYes }, { withSession }, { resolveJob }, operations, { applyPlan }, text] =
      await Promise.all([
        import('../../app/confirm.ts'),
        import('../../app/session.ts'),
        import('../../operations/jobs/resolve-job.ts'),
        import('../../operations/advice/advise.ts'),
        import('../../operations/plan/apply-plan.ts'),
        import('./advise-text.ts'),
      ]);
    return withSession(host.settings, async ({ reader, writer, tenant, actor, thresholds }) => {
      const id = await resolveJob(reader, tenant, reference);
      const author = { tenant, actor, reason };
      const report = await operations.advise(reader, author, id, thresholds);
      if (!apply)
        return {
          json: { ...report, applied: null },
          text: () => asciiText(host.view, text.adviceText(report, host.view)),
        };
      const chosen = report.remedies[remedy - 1];
      if (chosen === undefined)
        throw new ServoError('not_allowed', noRemedy(remedy, report.remedies.length), {
          hint: `see them with: servo-tui advise ${reference}`,
        });
      const title = text.remedyTitle(report, chosen, host.view);
      const barred = text.whyNotApplied(chosen, report);
      if (barred !== null) throw new ServoError('not_allowed', barred.message, barred);
      await requireYes(host, `apply a remedy of ${plural(chosen.steps.length, 'change')}`, {
        question: `${title}\napply it?`,
      });
      const applied: Outcome[] = [];
      for (const plan of chosen.plans)
        for await (const { retried_keys: _, ...outcome } of applyPlan(writer, author, plan, {
          from_file: false,
        }))
          applied.push(outcome);
      const done = applied.every(({ result }) => result === 'applied');
      return {
        json: { ...report, applied },
        text: () => asciiText(host.view, `${title}\n${applied.map(outcomeLine).join('')}`),
        exit: done ? 0 : exitCodes.partial,
      };
    });
  },
});

function noRemedy(asked: number, count: number): string {
  return count === 0 ? 'there is no remedy to apply' : `there is no remedy ${asked}: only ${count}`;
}
