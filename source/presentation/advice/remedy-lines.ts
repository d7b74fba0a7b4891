import { isApplicable } from '../../domain/advice/actions.ts';
import type { Advice } from '../../domain/advice/advice.ts';
import type { Named } from '../../domain/advice/board-advice.ts';
import { shortId } from '../../domain/job/reference.ts';
import { wrap } from '../text/fitted.ts';
import type { Zone } from '../text/format.ts';
import { safeText } from '../text/safe-text.ts';
import { remedyText, verdictText } from './advice-text.ts';

/**
 * What brings each job in, or why nothing does; none without an advice.
 * @param asked about one job: all its remedies, else the first
 */
export function remedyLines(
  { remedies, as_of }: { remedies: readonly (Advice & Named)[]; as_of: Date },
  { asked, zone, width }: { asked: boolean; zone: Zone; width: number },
): string[] {
  if (remedies.length === 0) return [];
  const lines = remedies.flatMap((advice) => {
    const context = { as_of, zone, names: advice.names };
    const name = `${safeText(advice.names[advice.job_id] ?? '', { cap: 60 })} ${shortId(advice.job_id)}`;
    const shown = asked ? advice.remedies : advice.remedies.slice(0, 1);
    const why = `${name}: ${verdictText(advice, context)}`;
    if (shown.length === 0) return [why];
    const texts = shown.map((remedy) => remedyText(remedy, advice.job_id, context));
    return asked ? [why, ...texts.map((text) => `- ${text}`)] : [`${name}: ${texts[0]}`];
  });
  const [first] = remedies.filter((advice) => advice.remedies.some(isApplicable));
  const hint =
    first === undefined ? [] : [`all remedies: servo-tui advise ${shortId(first.job_id)}`];
  const all = ['remedies, by the forecast', ...lines, ...hint];
  return all.flatMap((text) => (Number.isFinite(width) ? wrap(text, width) : [text]));
}
