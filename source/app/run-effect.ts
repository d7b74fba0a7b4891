import { asServoError } from '../cli/writer.ts';
import type {
  Act,
  BoardAnswer,
  DataAnswer,
  Failure,
  PlanJobs,
  SessionEffect,
} from '../console/model/effects.ts';
import { mapBuckets } from '../console/screens/job/job-map.ts';
import { tenantNames } from '../database/queries/read-tenants.ts';
import { type JobFilter, parseFilter } from '../domain/job/filter.ts';
import { ServoError } from '../errors.ts';
import { actOnJob } from '../operations/act/act-on-job.ts';
import { readEffects } from '../operations/forecast/read-effects.ts';
import { countPartitions, getJobDetail, getJobSql } from '../operations/jobs/get-job.ts';
import { getPartition } from '../operations/jobs/get-partition.ts';
import { listJobs, listNamedJobs } from '../operations/jobs/list-jobs.ts';
import { resolveJob } from '../operations/jobs/resolve-job.ts';
import { draftPlan } from '../operations/plan/plan-actions.ts';
import { listEvents } from '../operations/reports/read-events.ts';
import { assessJob, verifyJob } from '../operations/triage/explain-job.ts';
import { Dialogs } from './dialogs.ts';
import { boards } from './read-board.ts';
import { writeReport } from './reports.ts';
import type { Session } from './session.ts';

const mostTenants = 500;

/** Runs an effect of the console on the database. A failure is returned as a reply. */
export function effectRunner(
  session: Session,
  dialogs = new Dialogs(session),
): (effect: SessionEffect) => Promise<DataAnswer> {
  return async (effect) => {
    try {
      return await run(session, dialogs, effect);
    } catch (error) {
      return { type: 'failure', failure: failureOf(error) };
    }
  };
}

export function failureOf(error: unknown): Failure {
  const { code, message, hint } = asServoError(error);
  return { code, message, hint };
}

async function run(session: Session, dialogs: Dialogs, effect: SessionEffect): Promise<DataAnswer> {
  const { reader, tenant, thresholds } = session;
  const { console_id } = dialogs;
  switch (effect.type) {
    case 'load-jobs': {
      const options = { ...effect, filter: parseFilter(effect.filter), thresholds, console_id };
      return { type: 'jobs', list: await listJobs(reader, tenant, options) };
    }
    case 'load-job': {
      const { map_buckets: buckets, map_ranges: ranges, insight, keys } = effect;
      const options = { buckets, ranges, insight, failed: 0, thresholds, console_id };
      const detail = await getJobDetail(reader, tenant, effect.id, options);
      if (keys === undefined) return { type: 'job', detail };
      const of_keys = await countPartitions(reader, tenant, effect.id, keys);
      return { type: 'job', detail, of_keys };
    }
    case 'load-partition': {
      const { id, key } = effect;
      return { type: 'partition', detail: await getPartition(reader, tenant, id, key) };
    }
    case 'explain-job': {
      const diagnosed = await assessJob(reader, tenant, effect.id, thresholds);
      return { type: 'explained', diagnosed };
    }
    case 'verify-job': {
      const { id, checks } = effect;
      const verification = await verifyJob(reader, tenant, id, checks, thresholds);
      return { type: 'verified', verification };
    }
    case 'load-job-sql': {
      const options = { buckets: mapBuckets, insight: true, failed: 0 };
      return { type: 'sql', text: await getJobSql(reader, tenant, effect.id, options) };
    }
    case 'write-report':
      return { type: 'report', ...(await writeReport(session, effect.report)) };
    case 'load-board':
      return {
        type: 'board',
        board: effect.board,
        data: await boards[effect.board](session, effect),
      } as BoardAnswer;
    case 'load-named': {
      const jobs = await listNamedJobs(reader, tenant, effect.ids, thresholds);
      return { type: 'named', jobs };
    }
    case 'load-tenants': {
      const names = await reader.read(tenant, (query) => tenantNames(query, mostTenants));
      return { type: 'tenants', tenants: names };
    }
    case 'find-job': {
      const id = await resolveJob(reader, tenant, effect.reference);
      const [job] = await listNamedJobs(reader, tenant, [id], thresholds);
      if (job === undefined) throw new ServoError('not_found', `job ${id} not found`);
      return { type: 'found', job };
    }
    case 'load-recent-events': {
      const { as_of, events } = await listEvents(reader, tenant, effect.id, 50);
      return { type: 'recent-events', as_of, events };
    }
    case 'load-effects':
      return { type: 'effects', effects: await readEffects(reader, tenant, effect.changes) };
    case 'announce-dialog':
      return dialogs.hold(effect);
    case 'close-dialog':
      return dialogs.leave();
    case 'plan-jobs':
      return {
        type: 'planned',
        plan: await draftPlan(reader, tenant, whichOf(effect), thresholds),
      };
    case 'act':
      return { type: 'acted', result: await act(session, effect) };
  }
}

function whichOf(effect: PlanJobs): readonly string[] | JobFilter {
  return 'ids' in effect ? effect.ids : parseFilter(effect.filter);
}

async function act(session: Session, effect: Act) {
  const { action, id, state, version, reason, parameters, settings, plan, keys } = effect;
  const author = { tenant: session.tenant, actor: session.actor, reason };
  const order = {
    action,
    id,
    seen: { state, version, ...settings },
    parameters,
    ...(keys === undefined ? {} : { keys }),
    ...(plan === undefined ? {} : { plan: { ...plan, author: session.actor } }),
  };
  // The screen follows a cancelled job while it is finalized.
  const { hint, ...result } = await actOnJob(session.writer, author, order, 'background');
  return { ...result, message: hint === null ? result.message : `${result.message} — ${hint}` };
}
