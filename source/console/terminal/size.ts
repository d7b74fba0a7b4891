export type Size = { columns: number; rows: number };
