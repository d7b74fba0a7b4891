import type { JobEvent } from '../../domain/job/detail.ts';
import { isExecutor } from '../../domain/report/reports.ts';
import { executorName } from '../executor/name.ts';
import { safeText } from '../text/safe-text.ts';

type Author = Pick<JobEvent, 'actor' | 'login'>;

/** Shared roles do not identify a person. */
const sharedRole = /^(postgres|servo_(app|operator|reader|tenant_.*))$/;

/** ` (login eve)` if the login role differs from the actor, which is free text; else empty. */
export function loginNote({ actor, login }: Author): string {
  const same = actor === login || actor.startsWith(`${login}@`) || actor.startsWith(`${login} (`);
  if (same || isExecutor(actor) || sharedRole.test(login)) return '';
  return ` (login ${safeText(login, { cap: 63 })})`;
}

/** `mara@oncall (login eve)`; an executor without the random part of its id. */
export function actorName(author: Author, cap = 300): string {
  return `${safeText(executorName(author.actor), { cap })}${loginNote(author)}`;
}
