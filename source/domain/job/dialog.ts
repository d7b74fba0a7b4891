export type Dialog = {
  actor: string;
  host: string;
  /** As the console names it: `cancel`; a newer program may have others. */
  action: string;
  jobs: number;
  /** At most 100 of them: those that were queried, else the first. */
  job_ids: string[];
  opened_at: Date;
};

/** A dialog expires this long after its console's last renewal, in milliseconds. */
export const dialogLease = { lease_ms: 10_000, renew_ms: 3_000 } as const;

export function dialogsOn(dialogs: readonly Dialog[], id: string): readonly Dialog[] {
  return dialogs.filter(({ job_ids }) => job_ids.includes(id));
}

export function dialogsWithout(
  dialogs: readonly Dialog[],
  others: readonly Dialog[],
): readonly Dialog[] {
  const keyOf = ({ actor, host, action, opened_at }: Dialog) =>
    [actor, host, action, opened_at.getTime()].join(' ');
  const keys = new Set(others.map(keyOf));
  return dialogs.filter((dialog) => !keys.has(keyOf(dialog)));
}
