import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { AnnounceDialog, DataAnswer } from '../console/model/effects.ts';
import { holdDialog, leaveDialog } from '../operations/jobs/hold-dialog.ts';
import type { Session } from './session.ts';

/** How long a closing console waits to withdraw its dialog, in milliseconds. */
const leavingTimeout = 500;

export class Dialogs {
  readonly console_id = randomUUID();
  readonly #session: Session;
  #last: Promise<unknown> = Promise.resolve();
  #isShown = false;

  constructor(session: Session) {
    this.#session = session;
  }

  hold({ action, ids, renew }: AnnounceDialog): Promise<DataAnswer> {
    this.#isShown = true;
    const { console_id } = this;
    const { writer, tenant, actor } = this.#session;
    const dialog = { console_id, actor, host: hostname(), action, job_ids: [...ids] };
    return this.#next(async () => {
      const moment = await holdDialog(writer, { tenant, actor }, dialog, renew);
      return { type: 'dialogs', ...moment };
    });
  }

  leave(): Promise<DataAnswer> {
    this.#isShown = false;
    const { writer, tenant, actor } = this.#session;
    return this.#next(async () => {
      await leaveDialog(writer, { tenant, actor }, this.console_id);
      return { type: 'dialog-closed' };
    });
  }

  /** Withdraws an open dialog, before its lease expires. Never fails. */
  async close(): Promise<void> {
    if (!this.#isShown) return;
    const late = new Promise((resolve) => setTimeout(resolve, leavingTimeout).unref());
    await Promise.race([this.leave().catch(() => {}), late]);
  }

  #next(work: () => Promise<DataAnswer>): Promise<DataAnswer> {
    const answer = this.#last.then(work, work);
    this.#last = answer;
    return answer;
  }
}
