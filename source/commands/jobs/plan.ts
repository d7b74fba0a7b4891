import { onSession } from '../../app/command.ts';
import { asciiText } from '../../cli/ascii.ts';
import { type Flags, invalid, unknownValue } from '../../cli/flags.ts';
import { anyNumber, onTenant } from '../../cli/spec.ts';
import {
  type ActionParameters,
  type JobAction,
  jobActions,
  parameterNames,
} from '../../domain/job/action.ts';
import { parseFilter } from '../../domain/job/filter.ts';
import { longestLifetime, type PlanFile } from '../../domain/plan/plan.ts';
import { jsonText } from '../../domain/text/safe-json.ts';
import { parseDuration } from '../../domain/time/duration.ts';
import type { Problem } from '../../errors.ts';
import { liveJobFlags } from './job-flags.ts';

const defaultLifetime = '1h';

export const plan = onSession({
  spec: {
    name: 'plan',
    usage: 'ACTION FILTER… [--priority N] [--deadline T] [--parallel N] [--reason R] > plan.json',
    summary: 'one action on all jobs that match, for a second engineer to check and apply',
    flags: [
      ...liveJobFlags,
      { name: 'expires', value: 'D', help: 'how long it may be applied (default 1h, at most 7d)' },
    ],
    examples: [
      [`plan pause state:running 'priority:<4' --reason "SLA at risk" > plan.json`, ''],
      ['plan retry state:failed asset:orders* > plan.json', 'what failed, of some assets'],
      ['plan set sla:none --priority 0 > plan.json', ''],
    ],
    needs: onTenant,
    writes: false,
    words: { least: 1, most: anyNumber },
  },
  json: () => import('./plan-json.ts'),
  read([word, ...filter], flags, problems) {
    const action = readAction(word, problems);
    const lifetime = readLifetime(flags.text('expires') ?? defaultLifetime, problems);
    if (filter.length === 0) {
      const hint = 'as state:failed, asset:orders* or id:3f2a';
      problems.push({ message: 'plan: missing argument FILTER', hint });
    }
    return {
      order: { action, lifetime, parameters: parametersOf(flags) },
      filter: parseFilter(filter.join(' ')),
      reason: flags.text('reason') ?? null,
    };
  },
  async run({ order, filter, reason }, { reader, tenant, actor, thresholds, io, view }) {
    const [{ planActions }, { planText }] = await Promise.all([
      import('../../operations/plan/plan-actions.ts'),
      import('../../presentation/plan/plan-text.ts'),
    ]);
    const author = { tenant, actor, reason };
    const planned = await planActions(reader, author, { ...order, filter, thresholds });
    // A file gets the plan itself, a terminal a text to read.
    const foreseenOf = async ({ action, parameters, jobs }: PlanFile) => {
      const { foreseenText } = await import('./foresee.ts');
      const some = jobs.filter(({ refusal }) => refusal === null);
      return foreseenText(
        reader,
        tenant,
        some.map(({ id }) => ({ id, action, parameters })),
      );
    };
    const [summary] = planText(planned).split('\n', 1);
    if (!io.stdout.isTTY) io.stderr.write(`${summary}\n`);
    return {
      json: planned,
      text: async () =>
        io.stdout.isTTY
          ? asciiText(view, `${planText(planned)}${await foreseenOf(planned)}`)
          : `${jsonText(planned, 2)}\n`,
    };
  },
});

function readAction(word: string | undefined, problems: Problem[]): JobAction {
  const action = jobActions.find((one) => one === word);
  if (word !== undefined && action === undefined) {
    problems.push(unknownValue('action', word, jobActions));
  }
  return action ?? 'pause';
}

function parametersOf(flags: Flags): ActionParameters {
  const given = parameterNames.flatMap((name) => {
    const value = flags.text(name.replace('_', '-'));
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(given);
}

function readLifetime(text: string, problems: Problem[]): number {
  const lifetime = parseDuration(text);
  if (lifetime !== null && lifetime > 0 && lifetime <= longestLifetime) return lifetime;
  problems.push(invalid('expires', text, 'a duration up to 7d, e.g. 30m or 4h'));
  return 0;
}
