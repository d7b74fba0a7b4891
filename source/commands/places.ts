import { type ConfigFile, configPath, loadConfigFile, noFile } from '../config/file.ts';
import { resolveSettings, type Settings } from '../config.ts';
import type {
  ContextTarget,
  ContextView,
  DataAnswer,
  DataEffect,
  OpenContext,
  RunEffect,
  SessionEffect,
} from '../console/effects.ts';
import { keymap } from '../console/keymap.ts';
import { remapKeys } from '../console/remap.ts';
import { openDatabase } from '../database/database.ts';
import { isBypassed } from '../database/queries/read-visibility.ts';
import { requireSchema } from '../database/schema-version.ts';
import { describeConnection } from '../database/settings.ts';
import { ServoError, UsageError } from '../errors.ts';
import type { Invocation } from './command.ts';
import { Dialogs } from './dialogs.ts';
import { failureOf, performer } from './perform.ts';
import { type Connections, connectionsOf, openSession, type Session } from './session.ts';

/** One database and one tenant on it, as long as the console looks at them. */
type Place = {
  settings: Settings;
  connections: Connections;
  session: Session;
  view: ContextView;
  perform: (effect: SessionEffect) => Promise<DataAnswer>;
  dialogs: Dialogs;
  timeout: Timeouts;
  /** Questions under way: the session is closed after them. */
  pending: Set<Promise<unknown>>;
  relock: NodeJS.Timeout | null;
};

/** How long a console waits for its database, in milliseconds. */
export type Timeouts = {
  /** A connection that has been silent for so long while something was asked is given up: it may be half-open, and then it stays silent. */
  answer: number;
  /** A place that has not answered by then cannot be gone to. */
  opening: number;
  /** Whoever leaves waits no longer than this for what is still asked: readings, whose answers nobody wants any more. */
  farewell: number;
};

/** Long enough for a full table over a line of 10 KB a second. */
const usualTimeouts: Timeouts = { answer: 60_000, opening: 15_000, farewell: 200 };

/** @throws what the work does, and database_unreachable when it takes too long: nobody waits for ever for a place. */
async function answered<T>(work: Promise<T>, { opening }: Timeouts): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new ServoError('database_unreachable', 'the database does not answer');
    timer = setTimeout(() => reject(error), opening);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The sessions of one console. What is asked in one place is asked of that place's session, whatever has been opened since. */
export class Places {
  readonly #invocation: Invocation;
  readonly #file: ConfigFile;
  readonly #open = new Map<number, Place>();
  /** How to reach the first place, where no settings say so. */
  readonly #given: Connections | undefined;
  /** Variables that do not count where the console is now, and did where it began. */
  readonly #taken = new Map<string, string>();

  readonly #timeout: Timeouts;

  private constructor(
    invocation: Invocation,
    file: ConfigFile,
    timeout: Timeouts,
    given?: Connections,
  ) {
    this.#invocation = invocation;
    this.#file = file;
    this.#timeout = timeout;
    this.#given = given;
  }

  /** Opens the first place. `connections`: of a database that no settings name. @throws as openSession */
  static async open(
    invocation: Invocation,
    connections?: Connections,
    timeout = usualTimeouts,
  ): Promise<Places> {
    const { env } = invocation.io;
    // The demonstration knows no contexts, whatever is configured.
    const file = connections === undefined ? await loadConfigFile(env) : noFile(configPath(env));
    const places = new Places(invocation, file, timeout, connections);
    const { settings } = invocation;
    const first = connections ?? (await connectionsOf(settings));
    places.#open.set(0, await openPlace(settings, first, timeout));
    return places;
  }

  /** The first place, as the console is to show it. */
  get view(): ContextView {
    return this.#open.get(0)!.view;
  }

  /** Other keys for the console. @throws UsageError with every one that cannot be */
  get keys(): Readonly<Record<string, string>> {
    const { problems } = remapKeys(keymap, this.#file.keys);
    if (problems.length > 0) throw new UsageError(problems);
    return this.#file.keys;
  }

  get contexts(): string[] {
    return Object.keys(this.#file.contexts);
  }

  /** Tenants that the configuration names. */
  get tenants(): string[] {
    return Object.values(this.#file.contexts).flatMap(({ tenant }) => tenant ?? []);
  }

  readonly perform: RunEffect = async (effect, number) => {
    const place = this.#open.get(number);
    if (place === undefined) {
      return {
        type: 'failure',
        failure: failureOf(new ServoError('internal', 'this context is closed')),
      };
    }
    const answer = this.#carryOut(place, effect, number).catch(
      (error: unknown): DataAnswer => ({
        type: 'failure',
        failure: failureOf(error),
      }),
    );
    place.pending.add(answer);
    answer.then(() => place.pending.delete(answer));
    return answer;
  };

  async close(): Promise<void> {
    const { farewell } = this.#timeout;
    await Promise.all([...this.#open.values()].map((place) => closePlace(place, farewell)));
  }

  async #carryOut(place: Place, effect: DataEffect, number: number): Promise<DataAnswer> {
    switch (effect.type) {
      case 'open-context':
        return this.#go(place, effect, number);
      case 'unlock':
        await unlock(place, effect.ms);
        return { type: 'unlocked', ms: effect.ms };
      case 'lock':
        lock(place);
        return { type: 'locked' };
      default:
        return place.perform(effect);
    }
  }

  async #go(from: Place, { to, context_number }: OpenContext, number: number): Promise<DataAnswer> {
    const opened = await this.#openWithin(from, to);
    this.#open.set(context_number, opened);
    this.#open.delete(number);
    // Nobody waits for its answers any more, and nobody waits for this.
    Promise.allSettled([...from.pending])
      .then(() => closePlace(from))
      .catch(() => {});
    return { type: 'opened', view: opened.view };
  }

  async #openWithin(from: Place, to: ContextTarget): Promise<Place> {
    const settings = await this.#settingsOf(from, to);
    const given = 'tenant' in to ? from.connections : 'home' in to ? this.#given : undefined;
    const connections = given ?? (await connectionsOf(settings));
    // What does not count for this place must not be read by a library, and counts again where it fails.
    const names = 'home' in to ? [...this.#taken.keys()] : settings.ignored;
    const before = names.map((name) => [name, process.env[name]] as const);
    for (const name of names) setVariable(name, 'home' in to ? this.#taken.get(name) : undefined);
    const opening = openPlace(settings, connections, this.#timeout);
    try {
      const opened = await answered(opening, this.#timeout);
      for (const [name, value] of before) if (value !== undefined) this.#taken.set(name, value);
      return opened;
    } catch (error) {
      opening.then(
        (place) => closePlace(place),
        () => {},
      );
      for (const [name, value] of before) setVariable(name, value);
      throw error;
    }
  }

  /** A context brings its own tenant; what forbids writing on the command line forbids it everywhere. */
  async #settingsOf(from: Place, to: ContextTarget): Promise<Settings> {
    if ('tenant' in to) return { ...from.settings, tenants: [to.tenant] };
    const { io, settings } = this.#invocation;
    if ('home' in to) return settings;
    const forbidden = isForbidden(settings);
    return resolveSettings(
      { context: to.context, actor: settings.actor, ...(forbidden ? { read_only: true } : {}) },
      io.env,
      { database: true, tenants: 'one' },
    );
  }
}

function setVariable(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}

async function openPlace(
  settings: Settings,
  connections: Connections,
  timeout: Timeouts,
): Promise<Place> {
  const session = await openSession(settings, connections, timeout.answer);
  try {
    const rls_bypassed = await session.reader.read(session.tenant, isBypassed);
    const embedded = settings.database === null || settings.database.kind === 'embedded';
    const { reader } = session;
    const dialogs = new Dialogs(session);
    return {
      settings,
      connections,
      session,
      view: {
        labels: {
          context: settings.context,
          database: embedded ? reader.settings.database : describeConnection(reader.settings),
          tenant: session.tenant,
          embedded,
          rls_bypassed,
        },
        read_only: settings.read_only,
        locked_reason: whyLocked(settings, connections),
        accent: settings.accent,
      },
      perform: performer(session, dialogs),
      dialogs,
      timeout,
      pending: new Set(),
      relock: null,
    };
  } catch (error) {
    await session.close();
    throw error;
  }
}

async function closePlace(place: Place, farewell?: number): Promise<void> {
  await place.dialogs.close();
  lock(place);
  await place.session.close(farewell);
}

/** By the command line or its variable: that holds for every place, and to the end. */
function isForbidden({ origins }: Settings): boolean {
  return origins.read_only === '--read-only' || origins.read_only === 'SERVO_READ_ONLY';
}

function whyLocked(settings: Settings, { read, write }: Connections): string | null {
  if (!settings.read_only) return null;
  if (isForbidden(settings)) return `${settings.origins.read_only} was given: nothing unlocks that`;
  return read === write ? `context ${settings.context} has no write_url to unlock it with` : null;
}

/** Opens the writer, for so long. @throws ServoError not_allowed, database_unreachable, schema */
async function unlock(place: Place, ms: number): Promise<void> {
  const { session, connections, view, timeout } = place;
  if (view.locked_reason !== null) throw new ServoError('not_allowed', view.locked_reason);
  lock(place);
  const writer = openDatabase(connections.write, { timeout: timeout.answer });
  const checked = requireSchema(writer);
  try {
    await answered(checked, timeout);
  } catch (error) {
    checked.catch(() => {});
    writer.close().catch(() => {});
    throw error;
  }
  session.writer = writer;
  place.relock = setTimeout(() => lock(place), ms).unref();
}

/** Closes the writer after what it is at; from here on everything is read-only again. */
function lock(place: Place): void {
  const { session, view, relock } = place;
  if (relock !== null) clearTimeout(relock);
  place.relock = null;
  if (!view.read_only || session.writer === session.reader) return;
  session.writer.close().catch(() => {});
  session.writer = session.reader;
}
