import { inspect, types } from 'node:util';
import { keptMessage, type Outcome } from '../domain/attempt.ts';
import { messageOf } from '../errors.ts';
import { delayOf } from './delay.ts';

/** The outcomes that a module names by the `code` of what it throws or returns. */
const named: Readonly<Record<string, (message: string, value: Named) => Outcome>> = {
  SERVO_FAIL: (message) => ({ kind: 'fatal', message: message || 'failed for good' }),
  SERVO_RETRY: (message, value) => ({
    kind: 'later',
    message: message || 'asked to come back later',
    delay_ms: delayOf(value.retryAfterMs),
  }),
};

type Named = { code?: unknown; message?: unknown; retryAfterMs?: unknown };

/** Whatever a module returns means done, but for a named outcome. Never throws. */
export function outcomeOfReturned(value: unknown): Outcome {
  return namedOutcome(value) ?? { kind: 'completed' };
}

/** Whatever a module throws is a failure that is tried again, but for a named outcome. Never throws. */
export function outcomeOfThrown(value: unknown): Outcome {
  return namedOutcome(value) ?? { kind: 'failed', message: keptMessage(describe(value)) };
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
