import type { Settings } from '../config.ts';
import type { ContextView, DataAnswer, SessionEffect } from '../console/model/effects.ts';
import { openDatabase } from '../database/database.ts';
import { isBypassed } from '../database/queries/read-visibility.ts';
import { requireSchema } from '../database/schema-version.ts';
import { describeConnection } from '../database/settings.ts';
import { ServoError } from '../errors.ts';
import { Dialogs } from './dialogs.ts';
import { effectRunner } from './run-effect.ts';
import { type Connections, openSession, type Session } from './session.ts';

export type Context = {
  settings: Settings;
  connections: Connections;
  session: Session;
  view: ContextView;
  runEffect: (effect: SessionEffect) => Promise<DataAnswer>;
  dialogs: Dialogs;
  timeouts: Timeouts;
  /** Queries in progress: the session is closed after them. */
  pending: Set<Promise<unknown>>;
  relock: NodeJS.Timeout | null;
};

/** The console's timeouts for its database, in milliseconds. */
export type Timeouts = {
  answer: number;
  opening: number;
  closing: number;
};

/** Long enough for a full table over a line of 10 KB a second. */
export const usualTimeouts: Timeouts = { answer: 60_000, opening: 15_000, closing: 200 };

/** @throws the errors of `work`, or database_unreachable after the `opening` timeout */
export async function withTimeout<T>(work: Promise<T>, { opening }: Timeouts): Promise<T> {
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

export async function openContext(
  settings: Settings,
  connections: Connections,
  timeouts: Timeouts,
): Promise<Context> {
  const session = await openSession(settings, connections, timeouts.answer);
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
        locked_reason: lockReason(settings, connections),
        accent: settings.accent,
      },
      runEffect: effectRunner(session, dialogs),
      dialogs,
      timeouts,
      pending: new Set(),
      relock: null,
    };
  } catch (error) {
    await session.close();
    throw error;
  }
}

export async function closeContext(context: Context, closing?: number): Promise<void> {
  await context.dialogs.close();
  lock(context);
  await context.session.close(closing);
}

/** Read-only by the command line or its variable, which no context can unlock. */
export function isForbidden({ origins }: Settings): boolean {
  return origins.read_only === '--read-only' || origins.read_only === 'SERVO_READ_ONLY';
}

function lockReason(settings: Settings, { read, write }: Connections): string | null {
  if (!settings.read_only) return null;
  if (isForbidden(settings)) return `${settings.origins.read_only} is set and cannot be unlocked`;
  return read === write ? `context ${settings.context} has no write_url to unlock it with` : null;
}

/** Opens the writer for `ms`. @throws ServoError not_allowed, database_unreachable, schema */
export async function unlock(context: Context, ms: number): Promise<void> {
  const { session, connections, view, timeouts } = context;
  if (view.locked_reason !== null) throw new ServoError('not_allowed', view.locked_reason);
  lock(context);
  const writer = openDatabase(connections.write, { timeout: timeouts.answer });
  const checked = requireSchema(writer);
  try {
    await withTimeout(checked, timeouts);
  } catch (error) {
    checked.catch(() => {});
    writer.close().catch(() => {});
    throw error;
  }
  session.writer = writer;
  context.relock = setTimeout(() => lock(context), ms).unref();
}

export function lock(context: Context): void {
  const { session, view, relock } = context;
  if (relock !== null) clearTimeout(relock);
  context.relock = null;
  if (!view.read_only || session.writer === session.reader) return;
  session.writer.close().catch(() => {});
  session.writer = session.reader;
}
