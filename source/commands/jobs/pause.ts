import { onSession } from '../../app/command.ts';
import { anyNumber, onTenant } from '../../cli/spec.ts';
import { dryRunFlag } from './dry-run.ts';
import { readOrder, reasonFlag } from './job-flags.ts';

export const pause = onSession({
  spec: {
    name: 'pause',
    usage: 'JOB… [--reason R] [--dry-run]',
    summary: 'claim no more partitions; those that run are finished',
    flags: [reasonFlag, dryRunFlag],
    examples: [
      ['pause 3f2a --reason "db maintenance"', ''],
      ['pause 3f2a --dry-run', 'who gains by it'],
    ],
    needs: onTenant,
    writes: (flags) => !flags.has('dry-run'),
    words: { least: 1, most: anyNumber },
  },
  json: () => import('./act-json.ts'),
  read: readOrder,
  run: async (order, session) => (await import('./act.ts')).act('pause', order, session),
});
