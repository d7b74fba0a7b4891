import { keptMessage, type Outcome } from './attempt.ts';
import { asciiOf } from './failure-fingerprint.ts';

/** SQLSTATEs and classes of errors that may pass when the same batch is sent again. */
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
 * SQLSTATEs of a database that refuses every batch: rights or objects are missing, a person must
 * fix it.
 */
const ofTheDatabase = /^(28|3D|3F|42)/;

/**
 * What a batch's error means: `passing` may work when sent again; `database` refuses every batch;
 * `content` refuses what this one contains, by a trigger, a constraint or the encoding.
 */
export function refusalOf(code: string): 'passing' | 'database' | 'content' {
  if (passing.has(code) || passing.has(code.slice(0, 2))) return 'passing';
  return ofTheDatabase.test(code) ? 'database' : 'content';
}

/** Reported instead of an outcome that the database refuses, in ASCII for any encoding. */
export function refusedOutcome(outcome: Outcome, refusal: string): Outcome {
  const why = asciiOf(refusal);
  if (!('message' in outcome)) {
    const what = outcome.kind === 'completed' ? 'its completion' : 'its release';
    return { kind: 'failed', message: keptMessage(`the database refused ${what}: ${why}`) };
  }
  const message = `${asciiOf(outcome.message)}\n(the database refused the message as it was: ${why})`;
  return { ...outcome, message: keptMessage(message) };
}
