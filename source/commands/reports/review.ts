import { onSession } from '../../app/command.ts';
import { asciiText } from '../../cli/ascii.ts';
import { onTenant } from '../../cli/spec.ts';
import { readSince } from './since.ts';

const weekMs = 7 * 86_400_000;

export const review = onSession({
  spec: {
    name: 'review',
    usage: '[--since 7d]',
    summary: 'how deadlines held: close calls, accuracy of ETAs, hours at risk by asset',
    flags: [{ name: 'since', value: 'T', help: 'from when on: 7d, or a moment (default 7d)' }],
    examples: [
      ['review', 'the weekly SLA review'],
      ['review --since 2026-01-01 --json | jq .assets', 'for a script'],
    ],
    needs: onTenant,
    writes: false,
    words: { least: 0, most: 0 },
  },
  json: () => import('./review-json.ts'),
  read: (_, flags, problems) => ({
    since: readSince(flags.text('since'), weekMs, problems),
  }),
  async run({ since }, session) {
    const [{ reviewDeadlines }, { isTenantVisible }] = await Promise.all([
      import('../../operations/reports/review.ts'),
      import('../../app/visibility.ts'),
    ]);
    const { reader, tenant, thresholds, view } = session;
    const report = await reviewDeadlines(reader, tenant, since, thresholds);
    const visible = await isTenantVisible(session, report.ended > 0);
    return {
      json: { ...report, visible },
      text: async () =>
        asciiText(view, (await import('./review-text.ts')).deadlineReviewText(report)),
    };
  },
});
