import type { FlagRow } from '../../cli/flags.ts';

export const dryRunFlag: FlagRow = {
  name: 'dry-run',
  help: 'say what it would change for this job and for others, and write nothing',
};
