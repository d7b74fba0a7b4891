import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../database/database.ts';
import { answeredCode } from '../../database/failure.ts';
import {
  type Batch,
  type BatchReply,
  type Report,
  reportAndClaim,
} from '../../database/queries/report-and-claim.ts';
import { refusalOf, refusedOutcome } from '../../domain/partition/refusal.ts';
import { messageOf } from '../../errors.ts';
import type { Log } from '../../observability/log.ts';
import type { Meter } from '../../observability/meter.ts';
import { jittered, type Timings } from '../settings.ts';

export type SenderPorts = {
  database: Database;
  timings: Timings;
  log: Log;
  meter: Meter;
  abandoned: AbortSignal;
  /** The database refuses a batch repeatedly. */
  onRefused(message: string): void;
};

/** A reply of null: the job does not exist any more. */
export type Sent = { batch: Batch; reply: BatchReply | null };

type Answer = { reply: BatchReply | null } | { refusal: string } | 'abandoned';

const mostRefusals = 3;

/**
 * Sends a batch until there is a reply; a repeated message counts once. If the database refuses its
 * content, its reports are sent one by one, and a refused one is reported as failed, in text that
 * the database can hold. If that is refused too, its lease expires.
 */
export class BatchSender {
  readonly #ports: SenderPorts;

  constructor(ports: SenderPorts) {
    this.#ports = ports;
  }

  /** The batches with their replies; none if it was abandoned. */
  async send(batch: Batch): Promise<Sent[]> {
    const answer = await this.#ask(batch);
    if (answer === 'abandoned') return [];
    if ('reply' in answer) return [{ batch, reply: answer.reply }];
    this.#ports.onRefused(answer.refusal);
    return this.#apart(batch, answer.refusal);
  }

  async #apart(batch: Batch, refusal: string): Promise<Sent[]> {
    const sent: Sent[] = [];
    for (const report of batch.reports) {
      const one = await this.#alone(batch, report);
      if (one === 'abandoned') return sent;
      if (one !== null) sent.push(one);
    }
    // Queues are closed last, so that the job does not end before all reports; others open with the
    // next batch.
    const rest = { ...batch, reports: [], opening: [] };
    const answer = await this.#ask(rest);
    if (answer !== 'abandoned' && 'reply' in answer) {
      sent.push({ batch: rest, reply: answer.reply });
    } else if (answer !== 'abandoned') {
      this.#warn(batch, `the database refuses to close lease queues: ${refusal}`);
    }
    return sent;
  }

  /** Null: left to its lease. */
  async #alone(batch: Batch, report: Report): Promise<Sent | null | 'abandoned'> {
    const one = { ...batch, reports: [report], closing: [], opening: [] };
    const first = await this.#ask(one, 1);
    if (first === 'abandoned') return first;
    if ('reply' in first) return { batch: one, reply: first.reply };
    const outcome = refusedOutcome(report.outcome, first.refusal);
    const { back_off } = this.#ports.timings;
    const instead: Report = {
      ...report,
      outcome,
      delay_ms: Math.max(report.delay_ms, back_off.base_ms),
    };
    const { partition_key } = report.attempt;
    this.#warn(batch, `partition ${partition_key}: ${messageIn(outcome)}`);
    const again = { ...one, reports: [instead] };
    const second = await this.#ask(again);
    if (second === 'abandoned') return second;
    if ('reply' in second) return { batch: again, reply: second.reply };
    this.#warn(
      batch,
      `partition ${partition_key} is left to its lease: the database refuses every report of it: ${second.refusal}`,
    );
    return null;
  }

  async #ask(batch: Batch, tries = mostRefusals): Promise<Answer> {
    const { database, timings, meter, abandoned, onRefused } = this.#ports;
    let refusals = 0;
    let denials = 0;
    for (let failures = 0; !abandoned.aborted; failures++) {
      const sent = performance.now();
      const took = () => (performance.now() - sent) / 1000;
      try {
        const reply = await reportAndClaim(database, batch);
        meter.batch('ok', took());
        return { reply };
      } catch (error) {
        meter.batch('failed', took());
        const code = answeredCode(error);
        const kind = code === null ? 'passing' : refusalOf(code);
        const refusal = `${messageOf(error)}${code === null ? '' : ` (SQLSTATE ${code})`}`;
        if (kind === 'content' && ++refusals >= tries) return { refusal };
        // A database without rights or functions for it refuses every batch: until a person mends
        // that, its reports wait.
        if (kind === 'database' && denials++ === mostRefusals) onRefused(refusal);
        this.#warn(batch, `batch failed, trying again: ${messageOf(error)}`);
        const most = kind === 'database' ? timings.outage_back_off.cap_ms : timings.poll;
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
