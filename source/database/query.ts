/** Runs one statement in a transaction, with $1 … as `values`; rows are objects by column name. */
export type Query = <Row extends object>(
  text: string,
  values?: readonly unknown[],
) => Promise<Row[]>;

export type Author = { tenant: string; actor: string; reason?: string | null };
