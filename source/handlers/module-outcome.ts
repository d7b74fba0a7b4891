import { inspect, types } from 'node:util';
import { keptMessage, type Outcome } from '../domain/partition/attempt.ts';
import { type Origin, originOfCode, outcomeByOrigin } from '../domain/partition/error-origin.ts';
import { messageOf } from '../errors.ts';
import { delayOf } from './delay.ts';

/** Outcomes by the `code` of the value that a module throws or returns. */
const named: Readonly<Record<string, (message: string, value: Named) => Outcome>> = {
  SERVO_FAIL: (message) => ({ kind: 'fatal', message: message || 'failed by its handler' }),
  SERVO_RETRY: (message, value) => ({
    kind: 'snoozed',
    message: message || 'snoozed by its handler',
    delay_ms: delayOf(value.retryAfterMs),
  }),
};

type Named = { code?: unknown; message?: unknown; retryAfterMs?: unknown };

/** Any returned value means completed, except a named outcome. Never throws. */
export function outcomeOfReturned(value: unknown): Outcome {
  return namedOutcome(value) ?? { kind: 'completed' };
}

/**
 * A thrown value is a failure that is retried, except a named outcome, and an error whose code, or
 * whose cause's code, means that something else is unavailable (`ECONNREFUSED`, `EMFILE`). Never
 * throws.
 */
export function outcomeOfThrown(value: unknown): Outcome {
  const origin = originOfThrown(value);
  return (
    namedOutcome(value) ??
    outcomeByOrigin(origin === 'permanent' ? 'partition' : origin, keptMessage(describe(value)))
  );
}

/** The same for an error while a module is loaded, which may be permanent. Never throws. */
export function outcomeOfLoading(value: unknown): Outcome {
  const origin = value instanceof SyntaxError ? 'permanent' : originOfThrown(value);
  return namedOutcome(value) ?? outcomeByOrigin(origin, keptMessage(describe(value)));
}

function originOfThrown(value: unknown): Origin {
  try {
    for (let error = value; types.isNativeError(error); error = error.cause) {
      const origin = originOfCode((error as NodeJS.ErrnoException).code);
      if (origin !== 'partition') return origin;
    }
  } catch {
    // A getter may throw.
  }
  return 'partition';
}

/** A value in a few lines. Never throws, although a getter of the handler may run. */
export function describe(value: unknown): string {
  try {
    if (typeof value === 'string') return value;
    if (types.isNativeError(value)) return messageOf(value) || value.name;
    const { message } = Object(value) as Named;
    if (typeof message === 'string' && message !== '') return message;
    return `threw ${inspect(value, { depth: 2, maxArrayLength: 20, maxStringLength: 2000, breakLength: 200 })}`;
  } catch {
    return 'threw something that cannot be shown';
  }
}

function namedOutcome(value: unknown): Outcome | null {
  try {
    if (typeof value !== 'object' || value === null) return null;
    const { code, message } = value as Named;
    if (typeof code !== 'string' || !Object.hasOwn(named, code)) return null;
    const said = typeof message === 'string' && message.trim() !== '';
    return named[code]!(said ? keptMessage(message) : '', value as Named);
  } catch {
    // A proxy or a getter may throw.
    return null;
  }
}
