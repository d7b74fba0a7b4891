import { onHost } from '../../app/command.ts';
import type { Settings } from '../../config.ts';
import type { ConnectionSettings } from '../../database/settings.ts';
import { exitCodes } from '../../errors.ts';

export const migrate = onHost({
  spec: {
    name: 'migrate',
    usage: '[--check | [--print] --rls --roles --tenant-role TENANT]',
    summary: 'bring the database to the schema of this program',
    flags: [
      { name: 'check', help: 'say what would be done; exit 6 if anything' },
      {
        name: 'print',
        help: 'the SQL that would be run, on stdout; with the other flags also theirs',
      },
      { name: 'rls', help: 'also add row-level security where another program left it out' },
      {
        name: 'roles',
        help: 'also make servo_reader and servo_operator, who may less than servo_app',
      },
      {
        name: 'tenant-role',
        value: 'TENANT',
        help: 'also make servo_tenant_TENANT: the rights of servo_app, for this tenant only',
      },
    ],
    examples: [
      ['migrate --check', 'is there anything to do?'],
      ['migrate', 'do it; twice does nothing'],
    ],
    needs: { database: true, tenants: 'none' },
    writes: (flags) => !flags.has('check') && !flags.has('print'),
    words: { least: 0, most: 0 },
  },
  json: () => import('./migrate-json.ts'),
  read(_, flags, problems) {
    const given = ['check', 'print', 'rls', 'roles', 'tenant-role'].filter((name) =>
      flags.has(name),
    );
    if (given.length > 1 && given.includes('check')) {
      problems.push({ message: `--${given.join(' and --')} are mutually exclusive` });
    }
    const tenantRole = flags.text('tenant-role');
    return {
      check: flags.has('check'),
      print: flags.has('print'),
      extras: {
        rls: flags.has('rls'),
        roles: flags.has('roles'),
        ...(tenantRole === undefined ? {} : { tenantRole }),
      },
    };
  },
  async run({ check, print, extras }, { settings, io }) {
    const [database, { describeConnection }] = await Promise.all([
      import('../../database/migrate.ts'),
      import('../../database/settings.ts'),
    ]);
    const connection = await ownerOf(settings);
    const where = describeConnection(connection);
    if (check || print) {
      const pending = await database.pendingMigrations(connection);
      const sql = print ? await database.printMigrations(pending, extras) : null;
      return {
        json: { database: where, pending, applied: [], ...(sql === null ? {} : { sql }) },
        text: () => sql ?? checkText(where, pending),
        exit: check && pending.length > 0 ? exitCodes.schema : 0,
      };
    }
    const applied = await database.migrate(connection, {
      ...extras,
      report: (line) => io.stderr.write(`${line}\n`),
    });
    const done = applied.map((name) => `applied ${name}\n`).join('');
    return {
      json: { database: where, pending: [], applied },
      text: () => `${done}${where} is up to date\n`,
    };
  },
});

/** The owner migrates: the embedded server's superuser, or who a context's write_url names. */
async function ownerOf(settings: Settings): Promise<ConnectionSettings> {
  if (settings.database?.kind === 'server') return settings.database.write;
  const { ensureEmbedded } = await import('../../app/embedded-session.ts');
  return (await ensureEmbedded(settings.read_only)).superuser;
}

function checkText(where: string, pending: readonly string[]): string {
  if (pending.length === 0) return `${where} is up to date\n`;
  const names = pending.map((name) => `  ${name}\n`).join('');
  return `${where} lacks\n${names}bring it up to date with: servo-tui migrate\n`;
}
