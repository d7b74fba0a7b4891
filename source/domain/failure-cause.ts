/** What a failure most likely comes from (backfill-operations, "High Partition Failure Rate", "Common causes"). */
export type FailureCause = {
  name: 'rate_limiting' | 'resource_exhaustion' | 'schema_change' | 'upstream_unavailable';
  /** The runbook's words. */
  title: string;
  /** What to look at first. */
  advice: string;
};

type Row = FailureCause & { signs: RegExp };

/**
 * The signs by which a message tells its cause; the first row that fits is it. Rate limiting stands before the unavailable
 * upstream, which often says both (`503 Slow Down`), and what has run out before it, too: `connection` is in both.
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

/** The likely cause of a failure by its message; null where it shows no sign of the runbook's common causes. */
export function likelyCause(message: string | null): FailureCause | null {
  if (message === null) return null;
  const shown = message.slice(0, longest);
  const row = rows.find(({ signs }) => signs.test(shown));
  return row === undefined ? null : causeOf(row);
}

/** The likely causes of several failures, the most frequent first; `failures`: how many show its signs. */
export function likelyCauses(
  messages: readonly (string | null)[],
): (FailureCause & { failures: number })[] {
  const found = messages.flatMap((message) => likelyCause(message) ?? []);
  return failureCauses
    .map((cause) => ({
      ...cause,
      failures: found.filter(({ name }) => name === cause.name).length,
    }))
    .filter(({ failures }) => failures > 0)
    .sort((a, b) => b.failures - a.failures);
}

/** Signs stand at the beginning: a message of a megabyte costs no more than this. */
const longest = 2000;

/** The runbook's list, in its order of frequency as it stands there. */
export const failureCauses: readonly FailureCause[] = rows.map(causeOf).reverse();

function causeOf({ name, title, advice }: Row): FailureCause {
  return { name, title, advice };
}
