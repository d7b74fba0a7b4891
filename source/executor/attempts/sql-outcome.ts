import { codeOf } from '../../database/failure.ts';
import type { Outcome } from '../../domain/partition/attempt.ts';
import { originOfSqlstate, outcomeByOrigin } from '../../domain/partition/error-origin.ts';
import { messageOf } from '../../errors.ts';
import { delayOf } from '../../handlers/delay.ts';

/** SQLSTATEs with an outcome of their own. */
const known: Readonly<
  Record<string, (message: string, detail: string | undefined) => Outcome | null>
> = {
  // servo_fail and servo_retry: see migrations/functions/sql-handlers.sql.
  SV065: (message) => ({ kind: 'fatal', message }),
  SV075: (message, detail) => ({ kind: 'snoozed', message, delay_ms: delayOf(Number(detail)) }),
  // The lease was lost: a report would be fenced.
  SV410: (message) => ({ kind: 'snoozed', message, delay_ms: 0, interrupted: true }),
  '2D000': endsTransaction,
  // plpgsql raises it for a COMMIT as a statement.
  '0A000': (message) => (/transaction commands/.test(message) ? endsTransaction(message) : null),
};

function endsTransaction(message: string): Outcome {
  return {
    kind: 'fatal',
    message: `a handler may not end its transaction: ${message}`,
    permanent: true,
  };
}

/**
 * The outcome of an attempt whose statement failed on a working connection. The message contains
 * the SQLSTATE, from which the cause is found later, and the role if a right is missing.
 */
export function outcomeOfAnswer(error: unknown, role: string): Outcome {
  const { detail, where } = error as { detail?: string; where?: string };
  const code = codeOf(error) ?? 'XX000';
  const said = known[code]?.(messageOf(error), detail) ?? null;
  if (said !== null) return said;
  const line = /^SQL statement|line \d+ at (?!EXECUTE)/.exec(where ?? '');
  const context = [detail, line === null ? undefined : where?.split('\n', 1)[0]].filter(Boolean);
  const state = `(SQLSTATE ${code}${code === '42501' ? `, role ${role}` : ''})`;
  const message = [`${messageOf(error)} ${state}`, ...context].join('\n');
  return outcomeByOrigin(originOfSqlstate(code), message);
}
