import { resolveSettings, type SettingFlags, type Variables } from '../config.ts';
import { openDatabase } from '../database/database.ts';
import { proposeJobs } from '../database/queries/complete-words.ts';
import { assetNames } from '../database/queries/read-assets.ts';
import { jobStates } from '../domain/job/state.ts';
import { UsageError } from '../errors.ts';
import { safeText } from '../presentation/text/safe-text.ts';
import type { Invocation, Output } from './command.ts';
import { completionScripts, type Shell } from './completion-scripts.ts';
import { type Asked, type Candidate, type Completion, completionOf } from './completion-words.ts';
import { globalFlags } from './flags.ts';
import { connectionsOf } from './session.ts';
import { takeApart } from './words.ts';

/** A person waits at the Tab key: who answers later than this (ms) is not waited for. */
const timeout = 1_500;
const mostAssets = 500;
/** Jobs of each state. */
const mostJobs = 20;

/** `servo-tui completion bash|zsh|fish`, and `completion words`, which the scripts call. */
export async function completion({ input, io }: Invocation): Promise<Output> {
  const [shell] = input;
  if (shell === 'words') {
    const candidates = await candidatesFor(io.env.SERVO_COMPLETION_LINE ?? '', io.env);
    return {
      json: { candidates },
      text: () =>
        candidates.map(({ value, description }) => `${value}\t${safeText(description)}\n`).join(''),
    };
  }
  if (!Object.hasOwn(completionScripts, shell!)) {
    const shells = Object.keys(completionScripts).join(', ');
    throw new UsageError([{ message: `there is no completion for "${shell}"`, hint: shells }]);
  }
  const script = completionScripts[shell as Shell];
  return { json: { shell, script }, text: () => script };
}

/** Never fails: without a database there is what needs none. */
async function candidatesFor(line: string, env: Variables): Promise<Candidate[]> {
  const completion = completionOf(line);
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
    { connections: 1, timeout },
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

/** A name that a shell would take apart, or worse, is not put into a command line. */
function isPlain(name: string): boolean {
  return /^[\w.@%+:/-]+$/.test(name);
}

/** Where the line itself says which database and tenant. */
function settingFlags(before: readonly string[]): SettingFlags {
  const { flags } = takeApart(before, globalFlags);
  const value = (name: string) => flags.find(({ row }) => row.name === name)?.value;
  const text = (name: string) => {
    const found = value(name);
    return typeof found === 'string' ? found : undefined;
  };
  return {
    context: text('context'),
    tenant: text('tenant'),
    embedded: value('embedded') === true ? true : undefined,
  };
}
