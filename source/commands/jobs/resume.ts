import { onSession } from '../../app/command.ts';
import { anyNumber, onTenant } from '../../cli/spec.ts';
import { readOrder, reasonFlag } from './job-flags.ts';

export const resume = onSession({
  spec: {
    name: 'resume',
    usage: 'JOB… [--reason R]',
    summary: 'go on from the checkpoint',
    flags: [reasonFlag],
    examples: [['resume 3f2a', '']],
    needs: onTenant,
    writes: true,
    words: { least: 1, most: anyNumber },
  },
  json: () => import('./act-json.ts'),
  read: readOrder,
  run: async (order, session) => (await import('./act.ts')).act('resume', order, session),
});
