import { expect, test } from 'vitest';
import { noChange } from '../../source/domain/forecast/what-if.ts';
import { riskRows } from '../../source/domain/risk/board.ts';
import { whatIfText } from '../../source/presentation/risk/risk-text.ts';
import { aJob } from '../support/jobs.ts';
import { riskBoardOf } from '../support/snapshots.ts';

const orders = aJob({ number: 1, failed_partitions: 3, running_slots: 1 });
const clicks = aJob({ number: 2, asset_name: 'clicks', running_slots: 1 });

test('a partition that ends between the row and the snapshot is no retry', () => {
  const board = riskBoardOf([orders, clicks], 4);
  const behind = board.jobs.map((job) => ({
    ...job,
    remaining_partitions: job.remaining_partitions - 1,
  }));
  const what = { ...noChange, retry_failed: [orders.id] };
  const said = riskRows({ ...board, jobs: behind }, what).map((row) => [
    row.asset_name,
    whatIfText(row),
  ]);
  expect(Object.fromEntries(said)).toEqual({ [orders.asset_name]: 'retry 3', clicks: '' });
});
