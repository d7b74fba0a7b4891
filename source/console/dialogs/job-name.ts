import type { JobView } from '../../domain/job/job.ts';
import { shortId } from '../../domain/job/reference.ts';
import { fitted } from '../../presentation/text/fitted.ts';
import { safeText } from '../../presentation/text/safe-text.ts';

/** On a narrower dialog the reason is worth more than the whole name. */
export const wideFrom = 100;

export function calledOf(job: JobView, width: number): string {
  const name = fitted(safeText(job.asset_name, { cap: 100 }), width < wideFrom ? 16 : 28);
  return `${name} ${shortId(job.id)}`;
}
