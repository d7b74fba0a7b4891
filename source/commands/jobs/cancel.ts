import { onSession } from '../../app/command.ts';
import { anyNumber, onTenant } from '../../cli/spec.ts';
import { dryRunFlag } from './dry-run.ts';
import { readOrder, reasonFlag } from './job-flags.ts';

export const cancel = onSession({
  spec: {
    name: 'cancel',
    usage: 'JOB… --reason R [--stop-running] [--dry-run]',
    summary: 'end a job for good; what is not done is skipped',
    flags: [
      reasonFlag,
      { name: 'stop-running', help: 'also stop the attempts that run, which may finish otherwise' },
      dryRunFlag,
    ],
    examples: [
      ['cancel 3f2a --reason "maintenance window"', 'what runs may finish'],
      ['cancel 3f2a --reason "it loops" --stop-running', 'and nothing of it runs on'],
    ],
    needs: onTenant,
    writes: (flags) => !flags.has('dry-run'),
    words: { least: 1, most: anyNumber },
  },
  json: () => import('./act-json.ts'),
  read: readOrder,
  run: async (order, session) => (await import('./act.ts')).act('cancel', order, session),
});
