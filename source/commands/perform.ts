import type {
  Act,
  BoardAnswer,
  DataAnswer,
  DataEffect,
  Failure,
  Perform,
} from '../console/effects.ts';
import { actOnJob } from '../operations/act-on-job.ts';
import { getJobDetail } from '../operations/get-job.ts';
import { listJobs } from '../operations/list-jobs.ts';
import { settleJob } from '../operations/settle-job.ts';
import { boards } from './read-board.ts';
import type { Session } from './session.ts';
import { asServoError } from './writer.ts';

/** The console's data effects as operations; a failure is an answer too. */
export function performer(session: Session): Perform {
  return async (effect) => {
    try {
      return await carryOut(session, effect);
    } catch (error) {
      return { type: 'failure', failure: failureOf(error) };
    }
  };
}

function failureOf(error: unknown): Failure {
  const { code, message, hint } = asServoError(error);
  return { code, message, hint };
}

async function carryOut(session: Session, effect: DataEffect): Promise<DataAnswer> {
  const { reader, tenant } = session;
  switch (effect.type) {
    case 'load-jobs':
      return { type: 'jobs', list: await listJobs(reader, tenant, { limit: effect.limit }) };
    case 'load-job': {
      const options = { buckets: effect.map_buckets };
      return { type: 'job', detail: await getJobDetail(reader, tenant, effect.id, options) };
    }
    case 'load-board':
      return {
        type: 'board',
        board: effect.board,
        data: await boards[effect.board](session),
      } as BoardAnswer;
    case 'act':
      return { type: 'acted', result: await act(session, effect) };
  }
}

async function act(session: Session, { action, id, state, version, reason }: Act) {
  const author = { tenant: session.tenant, actor: session.actor, reason };
  const { hint, ...result } = await actOnJob(session.writer, author, {
    action,
    id,
    state,
    version,
  });
  if (action === 'cancel' && result.result === 'applied') {
    // Takes seconds for a big job. What is cut off here, the next executor does.
    settleJob(session.writer, author, id).catch(() => {});
  }
  return { ...result, message: hint === null ? result.message : `${result.message} — ${hint}` };
}
