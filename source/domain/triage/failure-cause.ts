import { causeNames, type FailureCause } from './cause-names.ts';
import { causeBySqlstate } from './sql-cause.ts';

type Row = FailureCause & { signs: RegExp };

/**
 * The first match wins. Rate limiting comes before upstream_unavailable, since messages often
 * contain both (`503 Slow Down`); so does exhaustion: both match `connection`.
 */
const rows: readonly Row[] = [
  {
    name: 'rate_limiting',
    title: 'Rate limiting from external systems',
    advice: 'lower the parallelism, or pause and let the limit recover',
    signs:
      /\b429\b|too many requests|rate.?limit|throttl|slow ?down|quota (exceeded|reached)|requests? per (second|minute|hour)/i,
  },
  {
    name: 'resource_exhaustion',
    title: 'Resource exhaustion (memory, CPU)',
    advice: "look at memory, disk and connections on the executors' hosts and in the database",
    signs:
      /out of memory|\boom\b|heap (limit|out)|cannot allocate|ENOMEM|ENOSPC|EMFILE|no space left|disk (is )?full|too many (open files|connections|clients)|remaining connection slots|sigkill|exit code 137|lost \d+ times while it ran|resources? exhausted|statement timeout|temporary file size/i,
  },
  {
    name: 'schema_change',
    title: 'Schema changes mid-backfill',
    advice:
      'compare the source with what the handler expects; then cancel and recreate, or fix and retry',
    signs:
      /(column|relation|table|view|field|attribute|property|type|function|schema|database)\b.{0,80}\b(does not exist|not found|is missing|unknown|doesn't exist)|no such (column|table|field)|(unknown|missing|undefined|unexpected|invalid) (column|field|table|relation|property|attribute)|undefined(column|table)|invalid input syntax|cannot (be )?cast|(type|datatype|schema) mismatch|violates not-null|schema (has )?changed|incompatible schema|permission denied for/i,
  },
  {
    name: 'upstream_unavailable',
    title: 'Upstream data source unavailable',
    advice: 'check the source: pause the job, fix the issue, resume',
    signs:
      /ECONN(REFUSED|RESET|ABORTED)|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EPIPE|connection (was |is )?(refused|reset|closed|terminated|lost|timed out|failure)|could not connect|cannot (connect|reach)|timed? ?out|timeout|unavailable|unreachable|no (such host|route to host)|socket hang up|\b50[0234]\b|bad gateway|(server|database system) is (starting up|shutting down|down)|no data for|upstream/i,
  },
];

/**
 * By the SQLSTATE in the message, else by its text; null without a sign of the runbook's common
 * causes.
 */
export function likelyCause(message: string | null): FailureCause | null {
  if (message === null) return null;
  const shown = message.slice(0, longest);
  const known = causeBySqlstate(shown);
  if (known !== null) return known;
  const row = rows.find(({ signs }) => signs.test(shown));
  return row === undefined ? null : causeOf(row);
}

export function likelyCauses(
  messages: readonly (string | null)[],
): (FailureCause & { failures: number })[] {
  const found = new Map<string, FailureCause & { failures: number }>();
  for (const cause of messages.flatMap((message) => likelyCause(message) ?? [])) {
    const key = `${cause.name} ${cause.advice}`;
    found.set(key, { ...cause, failures: (found.get(key)?.failures ?? 0) + 1 });
  }
  const order = (cause: FailureCause) => causeNames.indexOf(cause.name);
  return [...found.values()].sort((a, b) => b.failures - a.failures || order(a) - order(b));
}

/** Only the beginning of a message is searched: some have a megabyte. */
const longest = 2000;

/** In the runbook's order of frequency. */
export const failureCauses: readonly FailureCause[] = rows.map(causeOf).reverse();

function causeOf({ name, title, advice }: Row): FailureCause {
  return { name, title, advice };
}
