import type { Command } from '../../app/command.ts';
import { connectionsOf } from '../../app/session.ts';
import {
  type Asked,
  type Candidate,
  type Completion,
  completionOf,
} from '../../cli/completion-words.ts';
import { globalFlags } from '../../cli/flags.ts';
import { scanLine } from '../../cli/scan-line.ts';
import type { Table } from '../../cli/spec.ts';
import { resolveSettings, type SettingFlags, type Variables } from '../../config.ts';
import { openDatabase } from '../../database/database.ts';
import { proposeJobs } from '../../database/queries/propose-jobs.ts';
import { assetNames } from '../../database/queries/read-assets.ts';
import { jobStates } from '../../domain/job/state.ts';

/** How long the Tab key waits for the database, in milliseconds. */
const timeout = 1_500;
const mostAssets = 500;
const mostJobs = 20;

/** Never fails: without a database there are the words that need none. */
export async function candidatesFor(
  line: string,
  env: Variables,
  table: Table<Command>,
): Promise<Candidate[]> {
  const completion = completionOf(line, table);
  const { asked, known } = completion;
  if (asked === null) return known;
  const asking = ask(asked, completion, env).catch(() => []);
  let late: NodeJS.Timeout | undefined;
  const enough = new Promise<Candidate[]>((resolve) => {
    late = setTimeout(() => resolve([]), timeout);
  });
  const found = await Promise.race([asking, enough]);
  clearTimeout(late);
  return [...known, ...found];
}

async function ask(
  asked: Asked,
  { beginning, before }: Completion,
  env: Variables,
): Promise<Candidate[]> {
  const settings = await resolveSettings(settingFlags(before), env, {
    database: true,
    tenants: 'one',
  });
  const [tenant] = settings.tenants;
  const { read } = await connectionsOf(settings);
  const database = openDatabase(
    { ...read, connectionTimeoutMillis: timeout },
    { connections: 1, timeout: timeout },
  );
  try {
    if (asked.kind === 'assets') {
      const names = await database.read(tenant!, (query) => assetNames(query, tenant!, mostAssets));
      const fitting = names.filter((name) => name.startsWith(beginning) && isPlain(name));
      return fitting.map((value) => ({ value, description: 'asset' }));
    }
    const states = asked.states ?? jobStates;
    const jobs = await database.read(tenant!, (query) =>
      proposeJobs(query, tenant!, { states, beginning, each: mostJobs }),
    );
    return jobs.map(({ id, asset_name, state }) => ({
      value: id,
      description: `${asset_name} ${state}`,
    }));
  } finally {
    await database.close();
  }
}

/** A shell must not take a name apart, or run it. */
function isPlain(name: string): boolean {
  return /^[\w.@%+:/-]+$/.test(name);
}

function settingFlags(before: readonly string[]): SettingFlags {
  const { argv } = scanLine(before, globalFlags);
  const text = (name: string) =>
    argv.find((token) => token.startsWith(`--${name}=`))?.slice(name.length + 3);
  return {
    context: text('context'),
    tenant: text('tenant'),
    embedded: argv.includes('--embedded') || undefined,
  };
}
