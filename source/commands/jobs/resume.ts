import { onSession } from '../../app/command.ts';
import { anyNumber, onTenant } from '../../cli/spec.ts';
import { dryRunFlag } from './dry-run.ts';
import { readOrder, reasonFlag } from './job-flags.ts';

export const resume = onSession({
  spec: {
    name: 'resume',
    usage: 'JOB… [--reason R] [--dry-run]',
    summary: 'go on from the checkpoint',
    flags: [reasonFlag, dryRunFlag],
    examples: [['resume 3f2a', '']],
    needs: onTenant,
    writes: (flags) => !flags.has('dry-run'),
    words: { least: 1, most: anyNumber },
  },
  json: () => import('./act-json.ts'),
  read: readOrder,
  run: async (order, session) => (await import('./act.ts')).act('resume', order, session),
});
