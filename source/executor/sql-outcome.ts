import { codeOf } from '../database/failure.ts';
import type { Outcome } from '../domain/partition/attempt.ts';
import { originOfSqlstate, outcomeByOrigin } from '../domain/partition/error-origin.ts';
import { messageOf } from '../errors.ts';
import { delayOf } from '../handlers/delay.ts';

/**
 * What a handler says by a SQLSTATE of its own, or does that no retry can mend in a way of its own.
 */
const known: Readonly<
  Record<string, (message: string, detail: string | undefined) => Outcome | null>
> = {
  // servo_fail and servo_retry: see migrations/functions/sql-handlers.sql.
  SV065: (message) => ({ kind: 'fatal', message }),
  SV075: (message, detail) => ({ kind: 'snoozed', message, delay_ms: delayOf(Number(detail)) }),
  // The lease was lost: there is nothing to report, and the step that says so is fenced off.
  SV410: (message) => ({ kind: 'snoozed', message, delay_ms: 0, interrupted: true }),
  '2D000': endsTransaction,
  // What plpgsql says of a COMMIT that it is given as a statement.
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
 * The outcome of an attempt whose statement the server answered with an error, on a connection that
 * lives. The message says the SQLSTATE, by which its cause is found later, and the role where a
 * right is missing.
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
