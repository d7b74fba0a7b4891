import type { FlagRow } from '../../cli/flags.ts';

export const followFlag: FlagRow = {
  name: 'follow',
  help: 'and what comes, until the job has ended',
};

export const limitFlag: FlagRow = { name: 'limit', value: 'N', help: 'at most so many' };
