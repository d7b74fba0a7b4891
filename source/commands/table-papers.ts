import type { Command } from '../cli/command.ts';
import type { Needs } from '../config.ts';

const onTenant: Needs = { database: true, tenants: 'one' };

/** Commands that write what others will read. */
export const paperCommands: readonly Command[] = [
  {
    name: 'export',
    usage: 'JOB',
    summary:
      "one job's incident report in Markdown: figures, failures, impact, who did what and why",
    flags: [],
    examples: [
      ['export 3f2a > incident.md', 'for a ticket'],
      ["export 3f2a --json | jq '.failures[].likely_cause'", 'for a script'],
    ],
    needs: onTenant,
    writes: false,
    words: { least: 1, most: 1 },
    load: async () => (await import('./reports/export.ts')).exportReport,
  },
  {
    name: 'handoff',
    usage: '[--since 8h]',
    summary: 'the hand-over of a shift in Markdown: alerts, actions with reasons, jobs at risk',
    flags: [{ name: 'since', value: 'T', help: 'when the shift began: 8h, or a moment' }],
    examples: [
      ['handoff > handoff.md', 'of the last 8 hours'],
      ['handoff --since 2026-01-31T06:00:00Z', 'since then'],
    ],
    needs: onTenant,
    writes: false,
    words: { least: 0, most: 0 },
    load: async () => (await import('./reports/handoff.ts')).handoff,
  },
];
