import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { ReportRequest } from '../console/effects.ts';
import { shortId } from '../domain/job/reference.ts';
import { messageOf, ServoError } from '../errors.ts';
import { exportJob } from '../operations/reports/export-job.ts';
import { handOver } from '../operations/reports/hand-off.ts';
import { shiftSummary } from '../presentation/report/hand-off.ts';
import { incidentReport } from '../presentation/report/incident-report.ts';
import { shiftMs } from './handoff.ts';
import type { Session } from './session.ts';

export type Written = { path: string; text: string };

/** The same document as `handoff` or `export` prints, in a new file. @throws ServoError not_found, internal */
export async function writePaper(
  { reader, tenant, thresholds }: Session,
  paper: ReportRequest,
): Promise<Written> {
  if (paper.type === 'incident') {
    const report = await exportJob(reader, tenant, paper.id, thresholds);
    return newFile(`incident-${shortId(paper.id)}`, report.as_of, incidentReport(report));
  }
  const since = { before_ms: paper.since_ms ?? shiftMs };
  const summary = await handOver(reader, tenant, since, thresholds);
  return newFile(`handoff-${nameOf(tenant)}`, summary.as_of, shiftSummary(summary));
}

/** Where the console was started, else where everybody may write; never over a file that is there. */
async function newFile(name: string, at: Date, text: string): Promise<Written> {
  const stamp = at.toISOString().slice(0, 19).replaceAll(/[-:]/g, '');
  const file = `${name}-${stamp}Z.md`;
  const errors: unknown[] = [];
  for (const folder of ['.', tmpdir()]) {
    const path = resolve(join(folder, file));
    try {
      await writeFile(path, text, { flag: 'wx', mode: 0o600 });
      return { path, text };
    } catch (error) {
      errors.push(error);
    }
  }
  throw new ServoError('internal', `cannot write ${file}: ${errors.map(messageOf).join('; ')}`);
}

/** A tenant's name as part of a file's. */
function nameOf(tenant: string): string {
  return tenant.replaceAll(/[^a-z0-9_-]/gi, '_').slice(0, 60);
}
