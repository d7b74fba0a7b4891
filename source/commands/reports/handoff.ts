import { onSession } from '../../app/command.ts';
import { asciiText } from '../../cli/ascii.ts';
import { onTenant } from '../../cli/spec.ts';
import { shiftMs } from '../../domain/report/reports.ts';
import { readSince } from './since.ts';

export const handoff = onSession({
  spec: {
    name: 'handoff',
    usage: '[--since 8h]',
    summary: 'the hand-off of a shift in Markdown: alerts, actions with reasons, jobs at risk',
    flags: [{ name: 'since', value: 'T', help: 'when the shift began: 8h, or a moment' }],
    examples: [
      ['handoff > handoff.md', 'of the last 8 hours'],
      ['handoff --since 2026-01-31T06:00:00Z', 'since then'],
    ],
    needs: onTenant,
    writes: false,
    words: { least: 0, most: 0 },
  },
  json: () => import('./handoff-json.ts'),
  read: (_, flags, problems) => ({
    since: readSince(flags.text('since'), shiftMs, problems),
  }),
  async run({ since }, session) {
    const [{ readHandoff }, { isTenantVisible }] = await Promise.all([
      import('../../operations/reports/hand-off.ts'),
      import('../../app/visibility.ts'),
    ]);
    const { reader, tenant, thresholds, view } = session;
    const summary = await readHandoff(reader, tenant, since, thresholds);
    const found = summary.actions.length + summary.ended.length > 0;
    const visible = await isTenantVisible(session, found);
    return {
      json: { ...summary, visible },
      text: async () => {
        const { handOffReport } = await import('../../presentation/report/hand-off.ts');
        return asciiText(view, handOffReport(summary));
      },
    };
  },
});
