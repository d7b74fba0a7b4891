import { describe, expect, it } from 'vitest';
import { jobsPicture } from '../../source/console/screens/jobs/picture.ts';
import { lineWidth } from '../../source/console/widgets/spans.ts';
import { aDetail, aJob, secondsAgo } from '../support/jobs.ts';
import { Session } from './session.ts';

const one = aJob({
  number: 1,
  asset_name: 'orders_daily',
  failed_partitions: 3,
  partition_start: '2024-01-01',
  partition_end: '2024-12-31',
});
const two = aJob({ number: 2, asset_name: 'clicks', sla_deadline_at: secondsAgo(-7200) });
const event = {
  id: 1,
  job_id: one.id,
  partition_key: null,
  kind: 'state',
  from_state: 'pending',
  to_state: 'running',
  actor: 'web-1:812',
  login: 'servo_app',
  reason: null,
  at: secondsAgo(60),
};
const wide = { size: { columns: 200, rows: 50 } };

const shown = ({ state }: Session) => {
  const { top, body } = jobsPicture(state);
  for (const line of [...top, ...body]) expect(lineWidth(line)).toBeLessThanOrEqual(199);
  return [...top, ...body].map((line) => line.map(({ text }) => text).join(''));
};
const besides = (session: Session) =>
  shown(session).flatMap((line) => (line.includes('│') ? [line.split('│')[1]!.trim()] : []));

const asked = ({ effects }: Session) =>
  effects.flatMap((one) =>
    one.type === 'data' && one.effect.type === 'load-job' ? [one.effect] : [],
  );
const waits = ({ effects }: Session) =>
  effects.filter((one) => one.type === 'timer' && one.name === 'pane').length;

describe('B13 a wide terminal shows the job under the cursor beside the table', () => {
  it('B13 first what its row says, then what is read once the cursor rests', () => {
    const session = Session.showing([one, two], wide);
    expect(besides(session).join('\n')).toMatch(/^orders_daily 00000001\n[\s\S]*loading …/);
    expect(besides(session).join('\n')).toContain('2024-01-01 – 2024-12-31');
    expect([asked(session).length, waits(session)]).toEqual([0, 1]);
    session.wait(250).timer('pane');
    expect(asked(session)).toEqual([
      { type: 'load-job', id: one.id, map_buckets: 0, insight: true },
    ]);
    session.answer('load-job', {
      type: 'job',
      detail: aDetail(one, { events: [event] }),
    });
    expect(besides(session).join('\n')).toContain('Events 1');
    session.refreshed([one, two]);
    expect(asked(session)).toHaveLength(1);
    session.refreshed([one, two]).refreshed([one, two]);
    expect(asked(session)).toHaveLength(2);
  });

  it('B13 goes with the cursor: an answer about the job before is dropped, and nothing is asked on the way', () => {
    const session = Session.showing([one, two], wide).wait(250).timer('pane');
    session.press('down');
    expect(besides(session)[0]).toBe('clicks 00000002');
    session.answer('load-job', { type: 'job', detail: aDetail(one) });
    expect(session.state.pane).toMatchObject({ id: two.id, detail: null });
    session.press('up', 'down', 'up', 'down');
    expect(asked(session)).toHaveLength(1);
    session.wait(250).timer('pane');
    expect(asked(session).map(({ id }) => id)).toEqual([one.id, two.id]);
  });

  it('B13 is not there, and asks nothing, where there is no room, all columns are wanted, or another screen is shown', () => {
    const narrow = Session.showing([one, two], { size: { columns: 120, rows: 45 } }).press('down');
    expect([besides(narrow).length, waits(narrow), narrow.state.pane]).toEqual([0, 0, null]);
    const columns = Session.showing([one, two], wide).press('w').wait(300).timer('pane');
    expect([besides(columns).length, asked(columns).length]).toEqual([0, 0]);
    const elsewhere = Session.showing([one, two], wide).press('5').wait(300).timer('pane');
    expect(asked(elsewhere)).toHaveLength(0);
  });
});
