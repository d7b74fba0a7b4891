import { hostname } from 'node:os';
import { type Choice, chooseDatabase, type DatabaseSource, isOn } from './config/choose.ts';
import { userName } from './config/connection.ts';
import { type ConfigFile, configPath, emptyFile, loadConfigFile } from './config/file.ts';
import { resolveThresholds } from './config/thresholds.ts';
import type { Variables } from './config/variables.ts';
import type { Thresholds } from './domain/triage/thresholds.ts';
import { type Problem, UsageError } from './errors.ts';
import type { Hue } from './presentation/text/hue.ts';

export type { DatabaseSource } from './config/choose.ts';
export type { Variables } from './config/variables.ts';

export type Settings = {
  database: DatabaseSource | null;
  tenants: string[];
  read_only: boolean;
  actor: string;
  thresholds: Thresholds;
  context: string | null;
  origins: Origins;
  accent: Hue | null;
  notices: string[];
  /** Removed from the environment, so that no library or child process reads them. */
  ignored: string[];
};

type Origins = Record<'database' | 'tenant' | 'read_only' | 'actor', string | null>;

export type SettingFlags = {
  context?: string;
  tenant?: string;
  embedded?: boolean;
  read_only?: boolean;
  actor?: string;
};

/** `if_any`: the named one, if any. */
export type Needs = { database: boolean; tenants: 'none' | 'if_any' | 'one' | 'many' };

const embeddedTenant = 'local';

/**
 * Reads the configuration file and decides (see docs/configuration.md).
 * @throws UsageError with everything that is wrong or missing
 */
export async function resolveSettings(
  flags: SettingFlags,
  env: Variables,
  needs: Needs,
): Promise<Settings> {
  // A command without a database works with a broken file too, and uses only `read_only` from it.
  const file = await (needs.database
    ? loadConfigFile(env)
    : loadConfigFile(env).catch(() => emptyFile(configPath(env))));
  return decide(flags, env, file, needs);
}

export function decide(
  flags: SettingFlags,
  env: Variables,
  file: ConfigFile,
  needs: Needs,
): Settings {
  const problems: Problem[] = [];
  const chosen = needs.database
    ? chooseDatabase(flags, env, file, problems)
    : withoutDatabase(flags, env, file);
  if (chosen === null) throw new UsageError(problems);
  const tenants = needs.tenants === 'none' ? [] : tenantsOf(chosen, flags, env, needs, problems);
  const sections = [file.thresholds, chosen.context?.thresholds];
  const thresholds = resolveThresholds(sections, env, problems);
  if (problems.length > 0) throw new UsageError(problems);
  return {
    database: chosen.database,
    tenants,
    thresholds,
    read_only:
      flags.read_only ?? (isOn(env.SERVO_READ_ONLY) || (chosen.context?.read_only ?? false)),
    actor: flags.actor || env.SERVO_ACTOR || env.SUDO_USER || `${userName(env)}@${hostname()}`,
    context: chosen.context?.name ?? null,
    origins: originsOf(chosen, flags, env, tenants.length > 0),
    accent: chosen.context?.accent ?? null,
    notices:
      chosen.ignored.length > 0
        ? [
            `${chosen.database?.from ?? 'one source'} is used: ignoring ${chosen.ignored.join(', ')}`,
          ]
        : [],
    ignored: chosen.ignored,
  };
}

/** For `read_only` of the chosen context. Problems of a database that is not needed are ignored. */
function withoutDatabase(flags: SettingFlags, env: Variables, file: ConfigFile): Choice {
  const context = chooseDatabase(flags, env, file, [])?.context ?? null;
  return { database: null, context: context?.read_only ? context : null, ignored: [] };
}

function originsOf(
  { context, database }: Choice,
  flags: SettingFlags,
  env: Variables,
  tenant: boolean,
): Origins {
  const from = context === null ? null : `context ${context.name}`;
  const variable = (...names: string[]) => names.find((name) => env[name]) ?? null;
  const ownTenant =
    from === null ? variable('SERVO_TENANT', 'TENANT_ID') : context?.tenant ? from : null;
  return {
    database: database?.from ?? null,
    tenant: tenant ? (flags.tenant ? '--tenant' : (ownTenant ?? 'default')) : null,
    read_only: flags.read_only
      ? '--read-only'
      : isOn(env.SERVO_READ_ONLY)
        ? 'SERVO_READ_ONLY'
        : context?.read_only
          ? from
          : 'default',
    actor: flags.actor ? '--actor' : (variable('SERVO_ACTOR', 'SUDO_USER') ?? 'user@host'),
  };
}

/** A context has its own tenant or none: TENANT_ID belongs to DATABASE_URL. */
function tenantsOf(
  chosen: Choice,
  flags: SettingFlags,
  env: Variables,
  needs: Needs,
  problems: Problem[],
): string[] {
  const { context } = chosen;
  const own = context === null ? env.SERVO_TENANT || env.TENANT_ID : context.tenant;
  const fallback = chosen.database?.kind === 'embedded' ? embeddedTenant : '';
  const text = flags.tenant ?? (own || fallback);
  const tenants = (needs.tenants === 'many' ? text.split(',') : [text]).map((one) => one.trim());
  const named = [...new Set(tenants.filter((tenant) => tenant !== ''))];
  if (named.length === 0 && needs.tenants !== 'if_any') {
    const where = context === null ? 'set TENANT_ID' : `add tenant to context "${context.name}"`;
    problems.push({ message: 'no tenant', hint: `${where}, or give --tenant` });
  }
  return named;
}
