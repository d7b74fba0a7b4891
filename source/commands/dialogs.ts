import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { AnnounceDialog, DataAnswer } from '../console/effects.ts';
import { holdDialog, leaveDialog } from '../operations/jobs/hold-dialog.ts';
import type { Session } from './session.ts';

/** A console's end waits no longer than this for its good-bye. */
const goodbyeMs = 500;

/** The dialog of one console, as the others are told of it: one thing after the other. */
export class Dialogs {
  readonly console_id = randomUUID();
  readonly #session: Session;
  #last: Promise<unknown> = Promise.resolve();
  #isTold = false;

  constructor(session: Session) {
    this.#session = session;
  }

  hold({ action, ids, renew }: AnnounceDialog): Promise<DataAnswer> {
    this.#isTold = true;
    const { console_id } = this;
    const { writer, tenant, actor } = this.#session;
    const dialog = { console_id, actor, host: hostname(), action, job_ids: [...ids] };
    return this.#next(async () => {
      const moment = await holdDialog(writer, { tenant, actor }, dialog, renew);
      return { type: 'dialogs', ...moment };
    });
  }

  leave(): Promise<DataAnswer> {
    this.#isTold = false;
    const { writer, tenant, actor } = this.#session;
    return this.#next(async () => {
      await leaveDialog(writer, { tenant, actor }, this.console_id);
      return { type: 'dialog-closed' };
    });
  }

  /** Whoever leaves the console with a dialog open does not have the others wait for its lease to end. Never fails. */
  async close(): Promise<void> {
    if (!this.#isTold) return;
    const late = new Promise((resolve) => setTimeout(resolve, goodbyeMs).unref());
    await Promise.race([this.leave().catch(() => {}), late]);
  }

  #next(work: () => Promise<DataAnswer>): Promise<DataAnswer> {
    const answer = this.#last.then(work, work);
    this.#last = answer;
    return answer;
  }
}
