import type { Command } from '../cli/command.ts';
import type { Needs } from '../config.ts';

const onTenant: Needs = { database: true, tenants: 'one' };

/** Commands about deadlines. */
export const riskCommands: readonly Command[] = [
  {
    name: 'risk',
    usage:
      '[JOB] [--slots N] [--pause OTHER…] [--retry-failed] [--parallel N] [--deadline T | --extend D]',
    summary: 'which jobs will miss their deadlines, by how much, and what would change that',
    flags: [
      { name: 'slots', value: 'N', help: 'what if the executors had so many slots' },
      { name: 'parallel', value: 'N', help: 'what if the job had so many partitions at once' },
      {
        name: 'pause',
        value: 'JOB',
        multiple: true,
        help: 'what if this job were paused: its slots go to others in claim order',
      },
      { name: 'retry-failed', help: 'what if failed partitions were tried again' },
      { name: 'deadline', value: 'T', help: "what if this were the job's deadline; or none" },
      { name: 'extend', value: 'D', help: 'what if deadlines moved by 1h or -30m' },
    ],
    examples: [
      ['risk', 'all live jobs with a deadline, the most urgent first'],
      ['risk 3f2a --slots 9', 'would three more slots save it?'],
      ['risk 3f2a --pause 77b1 --pause 90ce --deadline +2h', 'and all of this together?'],
    ],
    needs: onTenant,
    writes: false,
    words: { least: 0, most: 1 },
    load: async () => (await import('./diagnose/risk.ts')).risk,
  },
  {
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
    load: async () => (await import('./reports/review.ts')).review,
  },
];
