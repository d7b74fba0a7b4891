import type { DemoReport, Finding, JobProgress } from './progress.ts';

/** `births_daily      running      3,214/7,670   42 %` */
export function progressLine(job: JobProgress): string {
  const done = job.completed_partitions;
  const share = job.total_partitions === 0 ? 0 : Math.floor((100 * done) / job.total_partitions);
  const failed = job.failed_partitions > 0 ? `   ${job.failed_partitions} failed` : '';
  return `${job.asset_name.padEnd(18)}${job.state.padEnd(11)}${`${grouped(done)}/${grouped(job.total_partitions)}`.padStart(13)}${`${share} %`.padStart(7)}${failed}`;
}

export function reportText(report: DemoReport): string {
  return [
    '',
    ...report.jobs.map(jobLine),
    '',
    ...failures(report),
    '',
    ...report.facts.map(factLine),
    '',
    report.ok
      ? 'All figures are as published. births_agreement failed by design: 12 days on which the sources differ.'
      : 'Some figures are not as published: a fault of servo-tui, unless the jobs were changed by hand.',
    '',
  ].join('\n');
}

function jobLine(job: JobProgress): string {
  const seconds = job.seconds ?? 0;
  const rate =
    seconds > 0
      ? `, ${grouped(Math.round((job.completed_partitions + job.failed_partitions) / seconds))}/s`
      : '';
  const why = job.error_message === null ? '' : `   ${job.error_message}`;
  return `${progressLine(job)}   in ${seconds.toFixed(1)} s${rate}${why}`;
}

function failures({ failed }: DemoReport): string[] {
  return failed.map(
    (row) => `  ${row.asset_name}  ${row.partition_key}  ${row.error_message ?? ''}`,
  );
}

function factLine({ fact, expected, actual, ok }: Finding): string {
  const verdict = ok ? 'as published' : `NOT as published: ${readable(expected)}`;
  return `${fact.padEnd(60)}${readable(actual ?? 'nothing').padStart(18)}   ${verdict}`;
}

function readable(text: string): string {
  return /^\d+$/.test(text) ? grouped(Number(text)) : text;
}

function grouped(count: number): string {
  return count.toLocaleString('en');
}
