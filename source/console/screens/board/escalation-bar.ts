import { escalationTitle } from '../../../presentation/triage/escalation-text.ts';
import type { State } from '../../model/state.ts';
import { cut, type Line, type Span, span } from '../../widgets/spans.ts';

/** `▲ escalate now: Backend Lead (backfill-operations)`, one part per runbook. */
export function escalationBar(state: State, width: number): Line {
  const escalations = state.boards.triage.data?.escalations ?? [];
  const line = escalations.flatMap((escalation, index): Span[] => [
    span(index === 0 ? ' ' : '  ·  ', 'dim'),
    escalation.due
      ? span(`▲ ${escalationTitle(escalation)}`, 'bad')
      : span(escalationTitle(escalation), 'plain'),
    span(` (${escalation.runbook})`, 'dim'),
  ]);
  return cut(line.length === 0 ? [span(' no escalation is due', 'dim')] : line, width);
}
