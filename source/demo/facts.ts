/** A figure of the published series (data/README.md), and the query for it. */
type Fact = { fact: string; sql: string; expected: string };

/** Each query returns one row with one column, `actual`. It runs as servo_app. */
export const facts: readonly Fact[] = [
  { fact: 'births_daily ends', sql: stateOf('births_daily'), expected: 'completed' },
  // By design: the failed partitions show the failed check.
  { fact: 'births_agreement ends', sql: stateOf('births_agreement'), expected: 'failed' },
  { fact: 'births_monthly ends', sql: stateOf('births_monthly'), expected: 'completed' },
  {
    fact: 'CDC total, all days',
    sql: 'select sum(births)::text as actual from births_cdc',
    expected: '39722137',
  },
  {
    fact: 'SSA total, all days',
    sql: 'select sum(births)::text as actual from births_ssa',
    expected: '62187024',
  },
  {
    fact: 'births_daily: days',
    sql: 'select count(*)::text as actual from births_daily',
    expected: '7670',
  },
  {
    fact: 'births_daily: total of the reconciled days',
    sql: 'select sum(births)::text as actual from births_daily',
    expected: '85712738',
  },
  {
    fact: 'births_agreement: days that agree within 3 %',
    sql: 'select count(*)::text as actual from births_agreement',
    expected: '1449',
  },
  {
    fact: 'births_agreement: days that do not, each a failed partition',
    sql: `select count(*)::text as actual from backfill_partitions p join backfill_jobs j on j.id = p.backfill_job_id
      where j.asset_name = 'births_agreement' and p.state = 'failed'`,
    expected: '12',
  },
  {
    fact: 'births_agreement: the largest difference',
    sql: `select partition_key || ': ' || (regexp_match(p.error_message, 'by ([0-9.]+) %'))[1] || ' %' as actual
      from backfill_partitions p join backfill_jobs j on j.id = p.backfill_job_id
      where j.asset_name = 'births_agreement' and p.state = 'failed'
      order by (regexp_match(p.error_message, 'by ([0-9.]+) %'))[1]::numeric desc nulls last limit 1`,
    expected: '2000-12-02: 3.39 %',
  },
  {
    fact: 'births_monthly: months',
    sql: 'select count(*)::text as actual from births_monthly',
    expected: '252',
  },
  {
    fact: 'births_monthly: total',
    sql: 'select sum(births)::text as actual from births_monthly',
    expected: '85712738',
  },
  {
    fact: 'births_monthly: 2014-12',
    sql: `select births::text as actual from births_monthly where month = '2014-12'`,
    expected: '339726',
  },
];

function stateOf(asset: string): string {
  return `select state as actual from backfill_jobs where asset_name = '${asset}'`;
}
