import { onSession } from '../../app/command.ts';
import { anyNumber, onTenant } from '../../cli/spec.ts';
import { readOrder, reasonFlag } from './job-flags.ts';

export const pause = onSession({
  spec: {
    name: 'pause',
    usage: 'JOB… [--reason R]',
    summary: 'claim no more partitions; those that run are finished',
    flags: [reasonFlag],
    examples: [['pause 3f2a --reason "db maintenance"', '']],
    needs: onTenant,
    writes: true,
    words: { least: 1, most: anyNumber },
  },
  json: () => import('./act-json.ts'),
  read: readOrder,
  run: async (order, session) => (await import('./act.ts')).act('pause', order, session),
});
