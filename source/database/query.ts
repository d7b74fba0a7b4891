/** One statement inside a transaction: its text with $1 … and its values; the rows by column name. */
export type Query = <Row extends object>(
  text: string,
  values?: readonly unknown[],
) => Promise<Row[]>;

/** On whose behalf a transaction writes; actor and reason reach the journal by trigger. */
export type Author = { tenant: string; actor: string; reason?: string | null };
