import { safeText } from '../text/safe-text.ts';

/** An executor's id without its random part (host:pid:random); other names unchanged. */
export function executorName(id: string): string {
  return safeText(id.replace(/^([^:]+:\d+):[0-9a-z-]+$/i, '$1'), { cap: 300 });
}
