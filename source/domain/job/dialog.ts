/** A dialog that is open at another console. */
export type Dialog = {
  actor: string;
  /** Where that console runs. */
  host: string;
  /** The console's name for it, as `cancel`; a newer program may have others. */
  action: string;
  /** How many jobs it is about. */
  jobs: number;
  /** Which of those that were asked about, at most 100; where none were named, the first 100 of all. */
  job_ids: string[];
  opened_at: Date;
};

/** A dialog is seen elsewhere for so long after its console was last heard of, which tells of it this often (ms). */
export const dialogLease = { lease_ms: 10_000, renew_ms: 3_000 } as const;

export function dialogsOn(dialogs: readonly Dialog[], id: string): readonly Dialog[] {
  return dialogs.filter(({ job_ids }) => job_ids.includes(id));
}

/** Those of `dialogs` that are not among the others. */
export function dialogsWithout(
  dialogs: readonly Dialog[],
  others: readonly Dialog[],
): readonly Dialog[] {
  const keyOf = ({ actor, host, action, opened_at }: Dialog) =>
    [actor, host, action, opened_at.getTime()].join(' ');
  const keys = new Set(others.map(keyOf));
  return dialogs.filter((dialog) => !keys.has(keyOf(dialog)));
}
