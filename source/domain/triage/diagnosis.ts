import type { Blocker } from './explain.ts';

export type TableProtection = {
  name: string;
  /** A table of the contract, which other programs write as well. */
  shared: boolean;
  enabled: boolean;
  forced: boolean;
  policies: number;
  /** Those of them that let rows through; the others take away. */
  permissive: number;
  /** Roles beside its owner that may write it. */
  writers: string[];
};

export type FunctionProtection = {
  name: string;
  /** It has its owner's rights, whoever calls it. */
  definer: boolean;
  /** Its search_path is its own. */
  pinned: boolean;
  /** Everybody may call it. */
  public: boolean;
  /** Roles beside its owner that were granted it by name. */
  callers: string[];
};

/** What `doctor` sees of a database and of the way to it. */
export type Diagnosis = {
  /** Whom and where, without the password. */
  connection: string;
  round_trip_ms: number;
  server_version: string;
  in_recovery: boolean;
  program_version: string;
  schema: {
    /** Null where there is none. */
    lowest_program: string | null;
    missing: string[];
    /** Migrations that are applied and that this program does not have. */
    newer: string[];
    too_new: boolean;
  };
  role: string;
  superuser: boolean;
  bypass_rls: boolean;
  /** Base tables, with their row-level security. */
  tables: { name: string; enabled: boolean; forced: boolean; policies: number }[];
  /** What protects the tables and functions of the schema, theirs and ours; empty without a schema. */
  protection: { tables: TableProtection[]; functions: FunctionProtection[] };
  /** This host's clock minus the database's, at the middle of the round trip. */
  clock_skew_ms: number;
  pooled: boolean;
  /** Others' sessions can be seen: superuser or pg_read_all_stats. */
  sees_sessions: boolean;
  /** The database's encoding; only UTF8 will do. */
  encoding: string;
  /** Settings of server, database or role that are not as servo-tui needs them, or has them in its own sessions. */
  settings: { name: string; value: string; wanted: string; own: boolean }[];
  /** Sessions that have kept the same snapshot for over 60 s: what dies meanwhile cannot be vacuumed. */
  old_snapshots: {
    pid: number;
    user: string | null;
    application: string | null;
    state: string | null;
    seconds: number;
  }[];
  tenant: string | null;
  /** Null without a tenant or a schema. */
  executors: { alive: number; on_hold: number; draining: number; versions: string[] } | null;
  has_jobs: boolean | null;
  /** Whether a job, an asset or an executor of the tenant is visible. */
  visible: boolean | null;
  /** Sessions that keep claims of the tenant waiting; null without a tenant or a schema. */
  claim_blockers: Blocker[] | null;
};

export const levels = ['ok', 'note', 'warning', 'fault'] as const;
export type Level = (typeof levels)[number];

export type Check = { check: string; level: Level; message: string; hint: string | null };

/** What counts as a finding for `--exit-code`. */
export function isFinding({ level }: Check): boolean {
  return level === 'warning' || level === 'fault';
}
