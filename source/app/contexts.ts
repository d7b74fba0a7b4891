import { connectionFromUrl } from '../config/connection.ts';
import { type ConfigFile, configPath, emptyFile, loadConfigFile } from '../config/file.ts';
import { resolveSettings, type Settings } from '../config.ts';
import { keymap } from '../console/app/keymap.ts';
import { remapKeys } from '../console/app/remap.ts';
import type {
  ContextLead,
  ContextTarget,
  ContextView,
  DataAnswer,
  DataEffect,
  OpenContext,
  RunEffect,
} from '../console/model/effects.ts';
import { describeConnection } from '../database/settings.ts';
import { ServoError, UsageError } from '../errors.ts';
import type { Host } from './command.ts';
import {
  type Context,
  closeContext,
  isForbidden,
  lock,
  openContext,
  type Timeouts,
  unlock,
  usualTimeouts,
  withTimeout,
} from './context.ts';
import { failureOf } from './run-effect.ts';
import { type Connections, connectionsOf } from './session.ts';

type Opener = Pick<Host, 'settings' | 'io'>;

export class Contexts {
  readonly #opener: Opener;
  readonly #file: ConfigFile;
  readonly #open = new Map<number, Context>();
  readonly #given: Connections | undefined;
  readonly #taken = new Map<string, string>();

  readonly #timeouts: Timeouts;

  private constructor(opener: Opener, file: ConfigFile, timeouts: Timeouts, given?: Connections) {
    this.#opener = opener;
    this.#file = file;
    this.#timeouts = timeouts;
    this.#given = given;
  }

  /**
   * Opens the first context.
   * @param connections to a database that is not in the settings
   * @throws as openSession
   */
  static async open(
    opener: Opener,
    connections?: Connections,
    timeouts = usualTimeouts,
  ): Promise<Contexts> {
    const { env } = opener.io;
    // The demonstration has no contexts, even if some are configured.
    const file = connections === undefined ? await loadConfigFile(env) : emptyFile(configPath(env));
    const contexts = new Contexts(opener, file, timeouts, connections);
    const { settings } = opener;
    const first = connections ?? (await connectionsOf(settings));
    contexts.#open.set(0, await openContext(settings, first, timeouts));
    return contexts;
  }

  get view(): ContextView {
    return this.#open.get(0)!.view;
  }

  /** @throws UsageError with all invalid keys */
  get keys(): Readonly<Record<string, string>> {
    const { problems } = remapKeys(keymap, this.#file.keys);
    if (problems.length > 0) throw new UsageError(problems);
    return this.#file.keys;
  }

  get contexts(): string[] {
    return Object.keys(this.#file.contexts);
  }

  get leads(): Readonly<Record<string, ContextLead>> {
    const { io, settings } = this.#opener;
    const forbidden = isForbidden(settings);
    const leads = Object.entries(this.#file.contexts).map(([name, context]) => {
      const { database_url: url, embedded, tenant = null, read_only = false } = context;
      const given = url === undefined ? null : connectionFromUrl(name, url, io.env);
      const found = given === null || 'message' in given ? null : describeConnection(given);
      const database = embedded === true ? 'embedded' : found;
      return [name, { database, tenant, read_only: read_only || forbidden }] as const;
    });
    return Object.fromEntries(leads);
  }

  get tenants(): string[] {
    return Object.values(this.#file.contexts).flatMap(({ tenant }) => tenant ?? []);
  }

  readonly runEffect: RunEffect = async (effect, number) => {
    const context = this.#open.get(number);
    if (context === undefined) {
      const error = new ServoError('internal', 'this context is closed');
      return { type: 'failure', failure: failureOf(error) };
    }
    const answer = this.#run(context, effect, number).catch(
      (error: unknown): DataAnswer => ({ type: 'failure', failure: failureOf(error) }),
    );
    context.pending.add(answer);
    answer.then(() => context.pending.delete(answer));
    return answer;
  };

  async close(): Promise<void> {
    const { closing } = this.#timeouts;
    await Promise.all([...this.#open.values()].map((context) => closeContext(context, closing)));
  }

  async #run(context: Context, effect: DataEffect, number: number): Promise<DataAnswer> {
    switch (effect.type) {
      case 'open-context':
        return this.#go(context, effect, number);
      case 'unlock':
        await unlock(context, effect.ms);
        return { type: 'unlocked', ms: effect.ms };
      case 'lock':
        lock(context);
        return { type: 'locked' };
      default:
        return context.runEffect(effect);
    }
  }

  async #go(
    from: Context,
    { to, context_number: next }: OpenContext,
    number: number,
  ): Promise<DataAnswer> {
    const opened = await this.#openWithin(from, to);
    this.#open.set(next, opened);
    this.#open.delete(number);
    // Replies that arrive from here on are not shown.
    Promise.allSettled([...from.pending])
      .then(() => closeContext(from))
      .catch(() => {});
    return { type: 'opened', view: opened.view };
  }

  async #openWithin(from: Context, to: ContextTarget): Promise<Context> {
    const settings = await this.#settingsOf(from, to);
    const given = 'tenant' in to ? from.connections : 'home' in to ? this.#given : undefined;
    const connections = given ?? (await connectionsOf(settings));
    // Hide the ignored variables from libraries too; restore them if opening fails.
    const names = 'home' in to ? [...this.#taken.keys()] : settings.ignored;
    const before = names.map((name) => [name, process.env[name]] as const);
    for (const name of names) setVariable(name, 'home' in to ? this.#taken.get(name) : undefined);
    const opening = openContext(settings, connections, this.#timeouts);
    try {
      const opened = await withTimeout(opening, this.#timeouts);
      for (const [name, value] of before) if (value !== undefined) this.#taken.set(name, value);
      return opened;
    } catch (error) {
      opening.then(
        (context) => closeContext(context),
        () => {},
      );
      for (const [name, value] of before) setVariable(name, value);
      throw error;
    }
  }

  async #settingsOf(from: Context, to: ContextTarget): Promise<Settings> {
    if ('tenant' in to) return { ...from.settings, tenants: [to.tenant] };
    const { io, settings } = this.#opener;
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
