import { inspect, types } from 'node:util';
import { keptMessage, type Outcome } from '../domain/partition/attempt.ts';
import { type Origin, originOfCode, outcomeByOrigin } from '../domain/partition/error-origin.ts';
import { messageOf } from '../errors.ts';
import { delayOf } from './delay.ts';

/** The outcomes that a module names by the `code` of what it throws or returns. */
const named: Readonly<Record<string, (message: string, value: Named) => Outcome>> = {
  SERVO_FAIL: (message) => ({ kind: 'fatal', message: message || 'failed for good' }),
  SERVO_RETRY: (message, value) => ({
    kind: 'snoozed',
    message: message || 'asked to come back later',
    delay_ms: delayOf(value.retryAfterMs),
  }),
};

type Named = { code?: unknown; message?: unknown; retryAfterMs?: unknown };

/** Whatever a module returns means done, but for a named outcome. Never throws. */
export function outcomeOfReturned(value: unknown): Outcome {
  return namedOutcome(value) ?? { kind: 'completed' };
}

/**
 * Whatever a module throws is a failure that is tried again, but for a named outcome, and for errors whose code, or whose cause's
 * code, says that something else is away (`ECONNREFUSED`, as fetch has it, `EMFILE`). Never throws.
 */
export function outcomeOfThrown(value: unknown): Outcome {
  const origin = originOfThrown(value);
  return (
    namedOutcome(value) ??
    outcomeByOrigin(origin === 'permanent' ? 'partition' : origin, keptMessage(describe(value)))
  );
}

/** The same of an error while the module is loaded: one that it does not exist, or cannot be read, is so for every partition. */
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
    // A getter that throws: no code of ours.
  }
  return 'partition';
}

/** A value in a few lines. Never throws, though a handler's own code may run meanwhile. */
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
    // A proxy, or a getter that throws: no outcome of ours.
    return null;
  }
}
