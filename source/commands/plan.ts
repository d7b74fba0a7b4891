import {
  type ActionParameters,
  type JobAction,
  jobActions,
  parameterNames,
} from '../domain/job/action.ts';
import { parseFilter } from '../domain/job/filter.ts';
import { longestLifetime, type PlanFile } from '../domain/plan/plan.ts';
import { nearest } from '../domain/text/nearest.ts';
import { jsonText } from '../domain/text/safe-json.ts';
import { parseDuration } from '../domain/time/duration.ts';
import { type Problem, UsageError } from '../errors.ts';
import { planActions } from '../operations/plan/plan-actions.ts';
import { planText } from '../presentation/plan/plan-text.ts';
import { asciiText } from './ascii-text.ts';
import type { Invocation, Output } from './command.ts';
import type { Flags } from './flags.ts';
import { withSession } from './session.ts';

const defaultLifetime = '1h';

/** `servo-tui plan ACTION FILTER… > plan.json`: writes nothing but the plan. */
export function plan({ input, flags, settings, io }: Invocation): Promise<Output> {
  const [word = '', ...filter] = input;
  const problems: Problem[] = [];
  const action = readAction(word, problems);
  const parameters = parametersOf(flags);
  const lifetime = readLifetime(flags.text('expires') ?? defaultLifetime, problems);
  if (filter.length === 0) {
    problems.push({
      message: 'plan wants a filter',
      hint: 'as state:failed, asset:orders* or id:3f2a',
    });
  }
  if (problems.length > 0) throw new UsageError(problems);
  return withSession(settings, async ({ reader, tenant, actor, thresholds }) => {
    const author = { tenant, actor, reason: flags.text('reason') ?? null };
    const planned = await planActions(reader, author, {
      action,
      parameters,
      filter: parseFilter(filter.join(' ')),
      lifetime,
      thresholds,
    });
    // What goes to a file is the plan itself; who looks at a terminal gets it to read.
    const text = () =>
      io.stdout.isTTY ? asciiText(flags, planText(planned)) : `${jsonText(planned, 2)}\n`;
    if (!io.stdout.isTTY) io.stderr.write(`${summaryOf(planned)}\n`);
    return { json: planned, text };
  });
}

function readAction(word: string, problems: Problem[]): JobAction {
  if ((jobActions as readonly string[]).includes(word)) return word as JobAction;
  const near = nearest(word, jobActions);
  const hint = near === null ? `known are ${jobActions.join(', ')}` : `did you mean ${near}?`;
  problems.push({ message: `"${word}" is no action`, hint });
  return 'pause';
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
  problems.push({ message: `--expires ${text} is no duration up to 7d`, hint: 'as 30m or 4h' });
  return 0;
}

function summaryOf(planned: PlanFile): string {
  return planText(planned).split('\n', 1)[0]!;
}
