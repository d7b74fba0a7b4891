import { shortId } from '../../domain/job/reference.ts';
import type { AssetReview, Call, HourAtRisk } from '../../domain/report/review.ts';
import type { ReviewReport } from '../../operations/reports/review.ts';
import { tableText } from '../../presentation/text/fitted-table.ts';
import { formatDuration, plural } from '../../presentation/text/format.ts';
import { safeText } from '../../presentation/text/safe-text.ts';

const mostCalls = 20;

export function deadlineReviewText(report: ReviewReport): string {
  const { since, ended, met, missed, calls, eta, assets, hours, truncated } = report;
  const close = calls.length - missed;
  const parts = [
    `since ${since.toISOString()}: ${plural(ended, 'job')} with a deadline ended, ${met} met it (${close} of them closely), ${missed} missed it\n`,
    truncated ? 'more jobs than were read: give a later --since\n' : '',
    `ETA: ${eta.jobs === 0 ? 'no completed job was sampled' : `${accuracyWords(eta)} over ${plural(eta.jobs, 'completed job')}`}\n`,
    calls.length === 0
      ? ''
      : `\n${tableText([callHeads, ...calls.slice(0, mostCalls).map(callCells)])}`,
    calls.length > mostCalls ? `and ${calls.length - mostCalls} more\n` : '',
    assets.length === 0 ? '' : `\n${tableText([assetHeads, ...assets.map(assetCells)])}`,
    hours.length === 0
      ? ''
      : `\nat risk by hour of the day (UTC): ${hours.map(hourWords).join(', ')}\n`,
  ];
  return parts.join('');
}

function accuracyWords({ error, bias }: { error: number | null; bias: number | null }): string {
  if (error === null || bias === null) return '–';
  const way = bias > 0 ? 'too early' : 'too late';
  return `off by ${percent(error)}${percent(bias) === '0 %' ? '' : `, mostly ${percent(Math.abs(bias))} ${way}`}`;
}

function percent(ratio: number): string {
  return `${Math.round(ratio * 100)} %`;
}

const callHeads = ['OUTCOME', 'JOB', 'ASSET', 'TIER', 'DEADLINE', 'MARGIN', 'AT RISK'];

function callCells(call: Call): string[] {
  const { margin_seconds: margin } = call;
  return [
    call.outcome,
    shortId(call.id),
    safeText(call.asset_name, { cap: 60 }),
    call.sla_tier,
    call.sla_deadline_at.toISOString(),
    margin === null
      ? call.state
      : `${formatDuration(Math.abs(margin))} ${margin < 0 ? 'late' : 'left'}`,
    call.at_risk_minutes === 0 ? '–' : formatDuration(call.at_risk_minutes * 60),
  ];
}

const assetHeads = ['ASSET', 'ENDED', 'MISSED', 'CLOSE', 'AT RISK', 'BREACHED', 'ETA'];

function assetCells(asset: AssetReview): string[] {
  const hours = (figure: number) => (figure === 0 ? '–' : formatDuration(figure * 3600));
  return [
    safeText(asset.asset_name, { cap: 60 }),
    String(asset.ended),
    String(asset.missed),
    String(asset.close),
    hours(asset.at_risk_hours),
    hours(asset.breached_hours),
    accuracyWords({ error: asset.eta_error, bias: asset.eta_bias }),
  ];
}

function hourWords({ hour, at_risk_minutes }: HourAtRisk): string {
  return `${String(hour).padStart(2, '0')}h ${formatDuration(at_risk_minutes * 60)}`;
}
