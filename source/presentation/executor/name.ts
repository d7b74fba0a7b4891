import { safeText } from '../text/safe-text.ts';

/** An executor's id, host:pid:random, without its random part; any other name as it is. */
export function executorName(id: string): string {
  return safeText(id.replace(/^([^:]+:\d+):[0-9a-z-]+$/i, '$1'), { cap: 300 });
}
