import { shortId } from '../domain/job-reference.ts';
import { type Explanation, explainJob } from '../operations/explain-job.ts';
import { resolveJob } from '../operations/resolve-job.ts';
import { explainWords } from '../presentation/explain-words.ts';
import { safeText } from '../presentation/safe-text.ts';
import { asciiText } from './ascii-text.ts';
import type { Invocation, Output } from './command.ts';
import { withSession } from './session.ts';

/** `servo-tui explain JOB`. */
export function explain({ input, flags, settings }: Invocation): Promise<Output> {
  return withSession(settings, async (session) => {
    const id = await resolveJob(session.reader, session.tenant, input[0]!);
    const explanation = await explainJob(session.reader, session.tenant, id);
    return { json: explainJson(explanation), text: () => asciiText(flags, textOf(explanation)) };
  });
}

/** As `status` carries it too. */
export function explainJson({ as_of, tenant_id, clause, facts }: Explanation) {
  const { as_of: _, ...rest } = facts;
  return { as_of, tenant_id, clause, ...explainWords(clause, facts), facts: rest };
}

function textOf({ clause, facts }: Explanation): string {
  const { why, next } = explainWords(clause, facts);
  const name = `${safeText(facts.asset_name)} ${shortId(facts.id)} (${facts.state.replace('_', ' ')})`;
  return `${name}: ${why}${next === null ? '' : ` — ${next}`}\n`;
}
