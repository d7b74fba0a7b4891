import { safeText } from '../text/safe-text.ts';

export function executorName(id: string): string {
  return safeText(id.replace(/^([^:]+:\d+):[0-9a-z-]+$/i, '$1'), { cap: 300 });
}
