import { onSession } from '../../app/command.ts';
import { asciiText } from '../../cli/ascii.ts';
import { anyNumber, onTenant } from '../../cli/spec.ts';
import type { Retried } from '../../operations/act/retry.ts';
import { plural } from '../../presentation/text/format.ts';
import { safeText } from '../../presentation/text/safe-text.ts';
import { reasonFlag, reasonOf } from './job-flags.ts';

export const retry = onSession({
  spec: {
    name: 'retry',
    usage: 'JOB [--partition K…] [--reason R]',
    summary: 'failed partitions again: in place, or as a new job when it has ended',
    flags: [
      { name: 'partition', value: 'K', multiple: true, help: 'only this one; again for more' },
      reasonFlag,
    ],
    examples: [
      ['retry 3f2a --reason "the source is back"', 'everything that failed'],
      ['retry 3f2a --partition 2024-01-31', 'one of them'],
    ],
    needs: onTenant,
    writes: true,
    words: { least: 1, most: anyNumber },
  },
  json: () => import('./retry-json.ts'),
  read([reference = '', ...more], flags) {
    const keys = [...flags.texts('partition'), ...more];
    return { reference, keys: keys.length > 0 ? keys : null, reason: reasonOf(flags) };
  },
  async run({ reference, keys, reason }, { writer, tenant, actor, thresholds, view }) {
    const [{ resolveJob }, { retryJob }] = await Promise.all([
      import('../../operations/jobs/resolve-job.ts'),
      import('../../operations/act/retry.ts'),
    ]);
    const id = await resolveJob(writer, tenant, reference);
    const author = { tenant, actor, reason };
    const retried = await retryJob(writer, author, id, keys, { thresholds });
    const { keys: _, ...json } = retried;
    return { json, text: () => asciiText(view, textOf(retried)) };
  },
});

function textOf({ created, retried_partitions, job }: Retried): string {
  const short = job.id.slice(0, 8);
  const name = `${safeText(job.asset_name)} ${created ? job.id : short}`;
  const what = `${plural(retried_partitions, 'failed partition')} again`;
  if (created) {
    return `started ${name}: ${what}\nwatch it with: servo-tui status ${short} --watch\n`;
  }
  const next = job.state === 'paused' ? ` — it is paused: servo-tui resume ${short}` : '';
  return `retrying ${what} in ${name} (${job.state.replace('_', ' ')})${next}\n`;
}
