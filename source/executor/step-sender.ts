import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../database/database.ts';
import { answeredCode } from '../database/failure.ts';
import {
  type Report,
  type BatchReply,
  type Batch,
  reportAndClaim,
} from '../database/queries/report-and-claim.ts';
import { refusalOf, refusedOutcome } from '../domain/partition/refusal.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../observability/log.ts';
import type { Meter } from '../observability/meter.ts';
import { jittered, type Timings } from './settings.ts';

export type SenderPorts = {
  database: Database;
  timings: Timings;
  log: Log;
  meter: Meter;
  /** Stops trying. */
  abandoned: AbortSignal;
  /** The database refuses what a step says, and goes on doing so. */
  refused(message: string): void;
};

/** A reply of null: there is no such job any more. */
export type Sent = { request: Batch; reply: BatchReply | null };

type Answer = { reply: BatchReply | null } | { refusal: string } | 'abandoned';

/** So often a step that the database refuses is sent as it is. */
const mostRefusals = 3;

/**
 * Sends steps until they are answered: a repeated one counts once. One whose content the database
 * refuses is taken apart: its reports are sent one by one, and what is refused alone is reported as
 * failed, in text that the database can hold. What is refused even so is left to its lease.
 */
export class BatchSender {
  readonly #ports: SenderPorts;

  constructor(ports: SenderPorts) {
    this.#ports = ports;
  }

  /** The requests that were answered, with their replies; none where it was abandoned. */
  async send(request: Batch): Promise<Sent[]> {
    const answer = await this.#ask(request);
    if (answer === 'abandoned') return [];
    if ('reply' in answer) return [{ request, reply: answer.reply }];
    this.#ports.refused(answer.refusal);
    return this.#apart(request, answer.refusal);
  }

  async #apart(request: Batch, refusal: string): Promise<Sent[]> {
    const sent: Sent[] = [];
    for (const report of request.reports) {
      const one = await this.#alone(request, report);
      if (one === 'abandoned') return sent;
      if (one !== null) sent.push(one);
    }
    // The lanes that end come last: a job whose reports are not all in must not end. Opening others
    // is for the next step.
    const rest = { ...request, reports: [], opening: [] };
    const answer = await this.#ask(rest);
    if (answer !== 'abandoned' && 'reply' in answer) {
      sent.push({ request: { ...rest, opening: [] }, reply: answer.reply });
    } else if (answer !== 'abandoned') {
      this.#warn(request, `the database refuses to close its lanes: ${refusal}`);
    }
    return sent;
  }

  /** Null: left to its lease. */
  async #alone(request: Batch, report: Report): Promise<Sent | null | 'abandoned'> {
    const one = { ...request, reports: [report], closing: [], opening: [] };
    const first = await this.#ask(one, 1);
    if (first === 'abandoned') return first;
    if ('reply' in first) return { request: one, reply: first.reply };
    const outcome = refusedOutcome(report.outcome, first.refusal);
    const { back_off } = this.#ports.timings;
    const instead: Report = {
      ...report,
      outcome,
      delay_ms: Math.max(report.delay_ms, back_off.base_ms),
    };
    this.#warn(request, `partition ${report.attempt.partition_key}: ${messageIn(outcome)}`);
    const again = { ...one, reports: [instead] };
    const second = await this.#ask(again);
    if (second === 'abandoned') return second;
    if ('reply' in second) return { request: again, reply: second.reply };
    this.#warn(
      request,
      `partition ${report.attempt.partition_key} is left to its lease: the database refuses every report of it: ${second.refusal}`,
    );
    return null;
  }

  async #ask(request: Batch, timeout = mostRefusals): Promise<Answer> {
    const { database, timings, meter, abandoned, refused } = this.#ports;
    let refusals = 0;
    let denials = 0;
    for (let failures = 0; !abandoned.aborted; failures++) {
      const sent = performance.now();
      const took = () => (performance.now() - sent) / 1000;
      try {
        const reply = await reportAndClaim(database, request);
        meter.step('ok', took());
        return { reply };
      } catch (error) {
        meter.step('failed', took());
        const code = answeredCode(error);
        const kind = code === null ? 'passing' : refusalOf(code);
        const refusal = `${messageOf(error)}${code === null ? '' : ` (SQLSTATE ${code})`}`;
        if (kind === 'content' && ++refusals >= timeout) return { refusal };
        // A database without rights or functions for it refuses every step: until somebody mends
        // that, its reports wait.
        if (kind === 'database' && denials++ === mostRefusals) refused(refusal);
        this.#warn(request, `step failed, trying again: ${messageOf(error)}`);
        const most = kind === 'database' ? timings.rest.cap_ms : timings.poll;
        const pause = Math.min(100 * 2 ** Math.min(failures, 16), most);
        await sleep(jittered(pause), undefined, { signal: abandoned }).catch(() => {});
      }
    }
    return 'abandoned';
  }

  #warn({ job }: Batch, message: string): void {
    this.#ports.log.warn({ job_id: job }, message);
  }
}

function messageIn(outcome: Report['outcome']): string {
  return 'message' in outcome ? outcome.message : outcome.kind;
}
