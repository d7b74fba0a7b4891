import { keptMessage, type Outcome } from './attempt.ts';
import { asciiOf } from './failure-print.ts';

/**
 * SQLSTATEs, or their classes, of an answer that may be another one when the same is sent again.
 */
const passing: ReadonlySet<string> = new Set([
  '08', // connection exception
  '25006', // read only: a standby
  '40', // serialization failure, deadlock
  '53', // out of resources
  '55', // not in the needed state: a lock that is not to be had
  '57', // cancelled, shutting down
  '58', // a system error outside of the database
]);

/**
 * SQLSTATEs of a database that takes no step at all: rights or objects are missing. A person has to
 * mend that.
 */
const ofTheDatabase = /^(28|3D|3F|42)/;

/**
 * What a step's error says about the step: `passing` may work when it is sent again; `database`
 * refuses every step; `content` refuses what this one says, as a trigger does, a constraint, or
 * text that has no place in the database's encoding.
 */
export function refusalOf(code: string): 'passing' | 'database' | 'content' {
  if (passing.has(code) || passing.has(code.slice(0, 2))) return 'passing';
  return ofTheDatabase.test(code) ? 'database' : 'content';
}

/**
 * What is reported in place of an outcome that the database refuses, in text that every database
 * can hold.
 */
export function refusedOutcome(outcome: Outcome, refusal: string): Outcome {
  const why = asciiOf(refusal);
  if (!('message' in outcome)) {
    const what = outcome.kind === 'completed' ? 'its completion' : 'its release';
    return { kind: 'failed', message: keptMessage(`the database refused ${what}: ${why}`) };
  }
  const message = `${asciiOf(outcome.message)}\n(the database refused the message as it was: ${why})`;
  return { ...outcome, message: keptMessage(message) };
}
