import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { ReportRequest } from '../console/model/effects.ts';
import { shortId } from '../domain/job/reference.ts';
import { shiftMs } from '../domain/report/reports.ts';
import { messageOf, ServoError } from '../errors.ts';
import { exportJob } from '../operations/reports/export-job.ts';
import { readHandoff } from '../operations/reports/hand-off.ts';
import { handOffReport } from '../presentation/report/hand-off.ts';
import { incidentReport } from '../presentation/report/incident-report.ts';
import type { Session } from './session.ts';

export type Written = { path: string; text: string };

/**
 * Writes the output of `handoff` or `export` to a new file.
 * @throws ServoError not_found, internal
 */
export async function writeReport(
  { reader, tenant, thresholds }: Session,
  wanted: ReportRequest,
): Promise<Written> {
  if (wanted.type === 'incident') {
    const report = await exportJob(reader, tenant, wanted.id, thresholds);
    return newFile(`incident-${shortId(wanted.id)}`, report.as_of, incidentReport(report));
  }
  const since = { before_ms: wanted.since_ms ?? shiftMs };
  const summary = await readHandoff(reader, tenant, since, thresholds);
  return newFile(`handoff-${nameOf(tenant)}`, summary.as_of, handOffReport(summary));
}

/** Writes to the working directory, else the temporary one; never overwrites a file. */
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

function nameOf(tenant: string): string {
  return tenant.replaceAll(/[^a-z0-9_-]/gi, '_').slice(0, 60);
}
