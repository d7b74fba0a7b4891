import type { Blocker } from './explain.ts';

export type TableProtection = {
  name: string;
  shared: boolean;
  enabled: boolean;
  forced: boolean;
  policies: number;
  /** Policies that let rows through; the others only restrict. */
  permissive: number;
  /** Roles besides its owner that may write it. */
  writers: string[];
};

export type FunctionProtection = {
  name: string;
  /** SECURITY DEFINER: it runs with its owner's rights. */
  definer: boolean;
  /** It sets its own search_path. */
  pinned: boolean;
  /** PUBLIC may call it. */
  public: boolean;
  /** Roles besides its owner with a grant by name. */
  callers: string[];
};

export type Diagnosis = {
  connection: string;
  round_trip_ms: number;
  server_version: string;
  in_recovery: boolean;
  program_version: string;
  schema: {
    /** Null without a schema. */
    lowest_program: string | null;
    missing: string[];
    /** Migrations applied that this program does not have. */
    newer: string[];
    too_new: boolean;
  };
  role: string;
  superuser: boolean;
  bypass_rls: boolean;
  tables: { name: string; enabled: boolean; forced: boolean; policies: number }[];
  protection: { tables: TableProtection[]; functions: FunctionProtection[] };
  /** This host's clock minus the database's, at the middle of the round trip. */
  clock_skew_ms: number;
  pooled: boolean;
  sees_sessions: boolean;
  /** UTF8 is required. */
  encoding: string;
  /**
   * Settings of server, database or role that differ from what servo-tui needs; `own`: its own
   * sessions set them.
   */
  settings: { name: string; value: string; wanted: string; own: boolean }[];
  /** Sessions with a snapshot older than 60 s: it keeps dead rows from being vacuumed. */
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
  visible: boolean | null;
  /** Sessions that block claims of the tenant; null without a tenant or a schema. */
  claim_blockers: Blocker[] | null;
};

export const levels = ['ok', 'note', 'warning', 'fault'] as const;
export type Level = (typeof levels)[number];

export type Check = { check: string; level: Level; message: string; hint: string | null };

export function isFinding({ level }: Check): boolean {
  return level === 'warning' || level === 'fault';
}
