import { expect, test } from 'vitest';
import { panelNames } from '../../source/console/model/state.ts';
import { factsOf } from '../../source/console/screens/job/facts.ts';
import { plainRows } from '../../source/console/screens/job/panels.ts';
import { flow, type Line } from '../../source/console/widgets/spans.ts';
import type { JobEvent } from '../../source/domain/job/detail.ts';
import { aJob, secondsAgo } from '../support/jobs.ts';
import { Session } from './session.ts';

const day = 86_400;
const cutTime = /(\d\d:\d?|\d [A-Z][a-z]{0,2}|\d [A-Z][a-z]{2} \d?|\d{4}-[\d-]*)…/;
const textOf = (line: Line) => line.map(({ text }) => text).join('');

const eventAt = (at: Date): JobEvent => ({
  ...{ id: 1, job_id: 'x', partition_key: null, kind: 'state', actor: 'mara', login: 'app', at },
  ...{ from_state: 'running', to_state: 'paused', reason: null },
});

test('no line of the job screen ends in a cut clock or date, on any day and at any width', () => {
  const lines = [0, 1, 400].flatMap((days) => {
    const at = secondsAgo(days * day);
    const job = aJob({
      sla_deadline_at: secondsAgo(-days * day - 60),
      avg_partition_duration_ms: 1 + days * day * 10,
      failed_partitions: 2,
      checkpoint_partition_key: null,
    });
    const failed = { partition_key: 'k', attempt_count: 1, failure_count: 1, error_message: 'no' };
    const session = Session.showing([job]).press('enter');
    session.answerJob(job, { failed: [{ ...failed, completed_at: at }], events: [eventAt(at)] });
    const { state } = session;
    const rows = panelNames.flatMap((panel) =>
      Array.from({ length: 90 }, (_, width) => plainRows(state, state.job!, panel, width + 1, 9)),
    );
    const facts = Array.from({ length: 90 }, (_, width) =>
      flow(factsOf(state, state.job!, true), width + 1),
    );
    return [...rows.flat(), ...facts.flat()].map(textOf);
  });
  expect(lines.some((line) => /\d \w{3} \d\d:\d\d/.test(line))).toBe(true);
  expect([...new Set(lines.filter((line) => cutTime.test(line)))]).toEqual([]);
});
