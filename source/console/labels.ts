export type Labels = {
  /** The section of the configuration file, if one was named. */
  context: string | null;
  database: string;
  tenant: string;
  embedded: boolean;
  /** A superuser or BYPASSRLS role: row-level security does not isolate the tenants. */
  rls_bypassed: boolean;
};
