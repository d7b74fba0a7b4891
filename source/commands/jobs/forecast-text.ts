import type { StartEffect } from '../../domain/advice/start.ts';
import type { Forecast } from '../../domain/forecast/forecast.ts';
import { costsText, lateText } from '../../presentation/advice/advice-text.ts';
import { formatBuffer, levelLabels, tierText } from '../../presentation/risk/risk-text.ts';
import { formatDuration, formatMilliseconds, plural } from '../../presentation/text/format.ts';
import { safeText } from '../../presentation/text/safe-text.ts';

export function forecastLines(forecast: Forecast): string[] {
  const { past_jobs, average_ms, duration_seconds: duration, finish_at, slots } = forecast;
  const past = plural(past_jobs.length, 'job');
  if (past_jobs.length === 0) return ['no earlier job of this asset has ended'];
  if (average_ms === null || duration === null || finish_at === null) {
    return [`none of the last ${past} of this asset has completed a partition`];
  }
  const [low, high] = [
    formatDuration(forecast.low_seconds!),
    formatDuration(forecast.high_seconds!),
  ];
  const range = low === high ? '' : ` (${low} to ${high})`;
  return [
    `expected ${formatDuration(duration)}${range} on ${plural(slots, 'slot')}, at ${formatMilliseconds(average_ms)} a partition as in the last ${past}`,
    ...bufferLines(forecast),
    ...worstLines(forecast),
    ...errorLines(forecast),
  ];
}

function bufferLines(forecast: Forecast): string[] {
  const { sla_buffer, sla_buffer_fit, risk_level } = forecast;
  if (sla_buffer === null || sla_buffer_fit === null) return [];
  const level = levelLabels[risk_level].toLowerCase();
  return [
    `buffer to the deadline ${formatBuffer(sla_buffer)}: ${sla_buffer_fit}, ${tierText(forecast)}; ${level}`,
  ];
}

function worstLines({ worst_keys }: Forecast): string[] {
  if (worst_keys.length === 0) return [];
  const keys = worst_keys.map(({ partition_key, slowest_ms, failed }) => {
    const took = slowest_ms === null ? [] : [formatMilliseconds(slowest_ms)];
    const words = [...took, ...(failed > 0 ? [`failed in ${plural(failed, 'job')}`] : [])];
    return `${safeText(partition_key, { cap: 60 })} (${words.join(', ')})`;
  });
  return [`worst keys: ${keys.join(', ')}`];
}

function errorLines({ errors }: Forecast): string[] {
  return errors
    .slice(0, 3)
    .map(
      ({ error_message, count }) =>
        `failed before: ${count} × ${safeText(error_message ?? '(no message)')}`,
    );
}

/**
 * `if started now: done by 2024-05-14T04:10:00.000Z, makes daily_sales late by 6m; at
 * 2024-05-14T05:00:00.000Z no job`; nothing where nothing is known.
 */
export function effectLines(effect: StartEffect): string[] {
  const { finish_at, late_by_seconds, harmless_at, costs } = effect;
  if (finish_at === null && costs.length === 0) return [];
  const done = finish_at === null ? 'its end is unknown' : `done by ${finish_at.toISOString()}`;
  const late = late_by_seconds !== null && late_by_seconds > 0 ? lateText(late_by_seconds) : '';
  const at = harmless_at === null ? '' : `; at ${harmless_at.toISOString()} no job`;
  const victims = costsText({ costs, brings_in: true });
  return [`if started now: ${[done, late, victims].filter(Boolean).join(', ')}${at}`];
}
