import type { Invocation, Output } from '../../cli/command.ts';
import type { Settings } from '../../config.ts';
import {
  migrate as applyMigrations,
  pendingMigrations,
  printMigrations,
} from '../../database/migrate.ts';
import { type ConnectionSettings, describeConnection } from '../../database/settings.ts';
import { exitCodes, UsageError } from '../../errors.ts';

/** `servo-tui migrate [--check | [--print] --rls --roles --tenant-role TENANT]`. */
export async function migrate({ flags, settings, io }: Invocation): Promise<Output> {
  const tenantRole = flags.text('tenant-role');
  const ways = ['check', 'print', 'rls', 'roles', 'tenant-role'].filter((name) =>
    name === 'tenant-role' ? tenantRole !== undefined : flags.has(name),
  );
  if (ways.length > 1 && ways.includes('check')) {
    throw new UsageError([{ message: `--${ways.join(' and --')} exclude each other` }]);
  }
  const extras = {
    rls: flags.has('rls'),
    roles: flags.has('roles'),
    ...(tenantRole === undefined ? {} : { tenantRole }),
  };
  const connection = await connectionOf(settings);
  const where = describeConnection(connection);
  if (flags.has('check') || flags.has('print')) {
    const pending = await pendingMigrations(connection);
    const sql = flags.has('print') ? await printMigrations(pending, extras) : null;
    return {
      json: { database: where, pending, applied: [], ...(sql === null ? {} : { sql }) },
      text: () => sql ?? checkText(where, pending),
      exit: flags.has('check') && pending.length > 0 ? exitCodes.schema : 0,
    };
  }
  const applied = await applyMigrations(connection, {
    ...extras,
    report: (line) => io.stderr.write(`${line}\n`),
  });
  return {
    json: { database: where, pending: [], applied },
    text: () =>
      applied.length === 0
        ? `${where} is up to date\n`
        : `${applied.map((name) => `applied ${name}\n`).join('')}${where} is up to date\n`,
  };
}

/** Migrating is the owner's work: the embedded server's superuser, a context's write_url. */
async function connectionOf(settings: Settings): Promise<ConnectionSettings> {
  if (settings.database?.kind === 'server') return settings.database.write;
  const { ensureEmbedded } = await import('../../app/embedded-session.ts');
  return (await ensureEmbedded(settings.read_only)).superuser;
}

function checkText(where: string, pending: readonly string[]): string {
  if (pending.length === 0) return `${where} is up to date\n`;
  return `${where} lacks\n${pending.map((name) => `  ${name}\n`).join('')}bring it up to date with: servo-tui migrate\n`;
}
