import { sourcesOf } from '../../../domain/job/state.ts';
import type { Remedy, RemedyAction } from '../../../domain/triage/checks.ts';

export const unfinished = ['pending', 'waiting_upstream', 'running', 'paused', 'resuming'] as const;

const kinds: Readonly<Record<RemedyAction, Pick<Remedy, 'states' | 'command'>>> = {
  pause: { states: sourcesOf('pause'), command: 'servo-tui pause JOB' },
  resume: { states: sourcesOf('resume'), command: 'servo-tui resume JOB' },
  cancel: { states: sourcesOf('cancel'), command: 'servo-tui cancel JOB --reason "why"' },
  reclaim: { states: ['running'], command: 'servo-tui reclaim JOB' },
  retry: { states: null, command: 'servo-tui retry JOB' },
  recreate: { states: null, command: 'servo-tui recreate JOB --priority 10 --reason "why"' },
  'set-deadline': { states: unfinished, command: 'servo-tui set JOB --deadline T' },
  'set-priority': { states: unfinished, command: 'servo-tui set JOB --priority N' },
  'set-parallel': { states: unfinished, command: 'servo-tui set JOB --parallel N' },
  'start-executor': { states: null, command: 'servo-tui --worker' },
  look: { states: null, command: null },
  wait: { states: null, command: null },
};

export function remedy(
  action: RemedyAction,
  text: string,
  more: Partial<Pick<Remedy, 'states' | 'command' | 'sql'>> = {},
): Remedy {
  return { action, text, sql: null, ...kinds[action], ...more };
}
