import { onSession } from '../../app/command.ts';
import { anyNumber, onTenant } from '../../cli/spec.ts';
import { dryRunFlag } from './dry-run.ts';
import { readOrder, reasonFlag } from './job-flags.ts';

export const reclaim = onSession({
  spec: {
    name: 'reclaim',
    usage: 'JOB… [--reason R] [--dry-run]',
    summary:
      'take a running job from an executor that is stuck; what runs is tried again, and of a cancelled job stopped',
    flags: [reasonFlag, dryRunFlag],
    examples: [['reclaim 3f2a --reason "its host is gone"', '']],
    needs: onTenant,
    writes: (flags) => !flags.has('dry-run'),
    words: { least: 1, most: anyNumber },
  },
  json: () => import('./act-json.ts'),
  read: readOrder,
  run: async (order, session) => (await import('./act.ts')).act('reclaim', order, session),
});
