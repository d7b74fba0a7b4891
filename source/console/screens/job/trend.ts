import { type JobTrend, trendOf } from '../../../domain/forecast/trend.ts';
import { formatMilliseconds, formatRate, plural } from '../../../presentation/text/format.ts';
import { sparkline } from '../../../presentation/text/sparkline.ts';
import { readingsOf } from '../../model/layout.ts';
import type { JobScreen } from '../../model/state.ts';
import { type Line, span } from '../../widgets/spans.ts';

/**
 * `/min ▂▃▅▆▇▇ 128.6   avg ▃▃▃▃▂▃ 1.4 s`, in `width` columns; only the throughput if there is no
 * room for both.
 */
export function trendLine(job: JobScreen, width: number): Line {
  const trend = trendOf(readingsOf(job));
  const { rate, average } = figures(trend);
  const one = (name: string, values: JobTrend['per_minute'], figure: string, columns: number) => [
    span(`${name} `, 'dim'),
    span(sparkline(values, columns), 'accent'),
    span(` ${figure}`),
  ];
  const [first, second] = [`/min  ${rate}`.length, `   avg  ${average}`.length];
  const each = Math.min(30, Math.floor((width - first - second) / 2));
  if (each >= 4) {
    return [
      ...one('/min', trend.per_minute, rate, each),
      ...one('   avg', trend.average_ms, average, each),
    ];
  }
  const alone = Math.min(30, width - first);
  return alone >= 4 ? one('/min', trend.per_minute, rate, alone) : [];
}

/** The same as lines beside the map, with percentiles of the durations. */
export function trendLines(job: JobScreen, width: number): Line[] {
  const readings = readingsOf(job);
  const trend = trendOf(readings);
  const { rate, average } = figures(trend);
  const each = Math.min(60, width - 16);
  const highest = Math.max(0, ...trend.per_minute.map((value) => value ?? 0));
  const { count, p50_ms, p95_ms } = job.insight?.durations ?? {
    count: 0,
    p50_ms: null,
    p95_ms: null,
  };
  const first = readings[0];
  const minutes =
    first === undefined
      ? 0
      : Math.round((readings.at(-1)!.at.getTime() - first.at.getTime()) / 60_000);
  return [
    [span('/min ', 'dim'), span(sparkline(trend.per_minute, each), 'accent'), span(` ${rate}`)],
    [span('avg  ', 'dim'), span(sparkline(trend.average_ms, each), 'accent'), span(` ${average}`)],
    [
      span(
        `${minutes < 2 ? 'since opened' : `last ${plural(minutes, 'minute')}`} · highest ${formatRate(highest)}/min`,
        'dim',
      ),
    ],
    ...(p50_ms === null || p95_ms === null
      ? []
      : [
          [
            span(
              `last ${plural(count, 'partition')}: p50 ${formatMilliseconds(p50_ms)}, p95 ${formatMilliseconds(p95_ms)}`,
              'dim',
            ),
          ],
        ]),
  ];
}

function figures({ per_minute, average_ms }: JobTrend): { rate: string; average: string } {
  const rate = per_minute.at(-1) ?? null;
  const average = average_ms.at(-1) ?? null;
  return {
    rate: rate === null ? '–' : formatRate(rate),
    average: average === null ? '–' : formatMilliseconds(average),
  };
}
