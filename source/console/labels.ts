/** Where the console is looking, so that no one acts on the wrong database. */
export type Labels = {
  /** The configuration's section, where one was named. */
  context: string | null;
  database: string;
  tenant: string;
  embedded: boolean;
  /** A superuser or BYPASSRLS role: row-level security does not isolate the tenants. */
  rls_bypassed: boolean;
};
