import type { Database } from '../../database/database.ts';
import { isPooled } from '../../database/pooler.ts';
import { findViolations, type Violation } from '../../database/queries/find-violations.ts';
import {
  countExecutors,
  hasJobs,
  readBlockers,
  readOldSnapshots,
  readProtection,
  readSchema,
  readServer,
} from '../../database/queries/read-diagnosis.ts';
import { isAnythingVisible } from '../../database/queries/read-visibility.ts';
import {
  compareVersions,
  functionsStep,
  lacksFunctions,
  ownMigrations,
} from '../../database/schema-version.ts';
import { describeConnection } from '../../database/settings.ts';
import type { Diagnosis } from '../../domain/triage/diagnosis.ts';
import { version } from '../../package.ts';

/** Snapshots held for longer are reported, in seconds. */
const oldSeconds = 60;

/**
 * Facts about connection, server, schema and executors that explain why backfills misbehave. Needs
 * neither tenant nor schema.
 * @throws ServoError database_unreachable
 */
export async function diagnose(db: Database, tenant: string | null): Promise<Diagnosis> {
  const pooled = await isPooledTo(db);
  const sent = Date.now();
  const { now, has_schema, has_executors, ...server } = await readServer(db);
  const answered = Date.now();
  const { lowest_program, applied, ...functions } = has_schema
    ? await readSchema(db)
    : { lowest_program: null, applied: [], functions_hash: null, functions_program: null };
  const own = ownMigrations();
  const missing = own.filter((name) => !applied.includes(name));
  if (lacksFunctions(functions)) missing.push(functionsStep);
  const rows =
    tenant !== null && has_schema && has_executors && missing.length === 0
      ? await db.read(tenant, async (query) => ({
          executors: await countExecutors(query, tenant),
          has_jobs: await hasJobs(query, tenant),
          visible: await isAnythingVisible(query, tenant),
          claim_blockers: await readBlockers(query, tenant),
        }))
      : { executors: null, has_jobs: null, visible: null, claim_blockers: null };
  return {
    connection: describeConnection(db.settings),
    round_trip_ms: answered - sent,
    program_version: version,
    schema: {
      lowest_program,
      missing,
      newer: applied.filter((name) => !own.includes(name)),
      too_new: lowest_program !== null && compareVersions(version, lowest_program) < 0,
    },
    ...server,
    protection: has_schema ? await readProtection(db) : { tables: [], functions: [] },
    clock_skew_ms: (sent + answered) / 2 - now.getTime(),
    pooled,
    old_snapshots: await readOldSnapshots(db, oldSeconds),
    tenant,
    ...rows,
  };
}

export function findBroken(db: Database, tenant: string): Promise<Violation[]> {
  return findViolations(db, tenant);
}

async function isPooledTo(db: Database): Promise<boolean> {
  const client = await db.connect();
  try {
    return await isPooled(client);
  } finally {
    client.release();
  }
}
