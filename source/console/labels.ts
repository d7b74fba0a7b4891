/** Where a context of the configuration file leads; null: as the environment says. */
export type ContextLead = { database: string | null; tenant: string | null; read_only: boolean };

export type Labels = {
  /** The section of the configuration file, if one was named. */
  context: string | null;
  database: string;
  tenant: string;
  embedded: boolean;
  /** A superuser or BYPASSRLS role: row-level security does not isolate the tenants. */
  rls_bypassed: boolean;
};
