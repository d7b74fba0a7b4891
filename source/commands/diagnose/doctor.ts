import { onHost } from '../../app/command.ts';
import { asciiText } from '../../cli/ascii.ts';
import { isFinding } from '../../domain/triage/diagnosis.ts';
import { protectionsOf } from '../../domain/triage/protection.ts';
import { exitCodes, UsageError } from '../../errors.ts';

/** It works without a tenant, and before the first migrate. */
export const doctor = onHost({
  spec: {
    name: 'doctor',
    usage: '[--invariants] [--exit-code]',
    summary: 'check connectivity, schema, roles, clock skew and executors',
    flags: [
      { name: 'invariants', help: "check the protocol's invariants on the tenant's rows" },
      {
        name: 'exit-code',
        help: 'exit 10 for a warning too, 8 where nothing of the tenant is visible',
      },
    ],
    examples: [
      ['doctor', 'also without a tenant, and before the first migrate'],
      ['doctor --invariants --exit-code', 'for a monitor'],
    ],
    needs: { database: true, tenants: 'if_any' },
    writes: false,
    words: { least: 0, most: 0 },
  },
  json: () => import('./doctor-json.ts'),
  read: (_, flags) => ({
    invariants: flags.has('invariants'),
    exitCode: flags.has('exit-code'),
  }),
  async run({ invariants, exitCode }, { settings, view }) {
    const tenant = settings.tenants[0] ?? null;
    if (invariants && tenant === null) {
      throw new UsageError([
        { message: '--invariants needs a tenant', hint: 'set TENANT_ID, or give --tenant' },
      ]);
    }
    const [
      { connectionsOf },
      { reportExit },
      { openDatabase },
      { diagnose, findBroken },
      { checksOf, protectionText },
    ] = await Promise.all([
      import('../../app/session.ts'),
      import('../../app/visibility.ts'),
      import('../../database/database.ts'),
      import('../../operations/system/diagnose.ts'),
      import('../../presentation/triage/diagnosis-text.ts'),
    ]);
    const { read } = await connectionsOf(settings);
    const database = openDatabase(read, { connections: 1 });
    try {
      const diagnosis = await diagnose(database, tenant);
      const checks = checksOf(diagnosis);
      const protection = protectionsOf(diagnosis.protection);
      const violations = invariants && tenant !== null ? await findBroken(database, tenant) : null;
      const { actor, read_only } = settings;
      const origins = { ...settings.origins, context: settings.context };
      const visible = diagnosis.visible !== false;
      const faulty = checks.some(({ level }) => level === 'fault');
      const broken = faulty || (violations?.length ?? 0) > 0;
      // Where nothing is visible the other findings only follow from that.
      const found = broken || (visible && checks.some(isFinding));
      return {
        json: {
          tenant_id: tenant,
          diagnosis,
          checks,
          protection: protection.map((one) => ({ ...one, message: protectionText(one) })),
          violations,
          origins,
          actor,
        },
        text: async () => {
          const { doctorText } = await import('./doctor-text.ts');
          const values = { tenant, actor, read_only };
          return asciiText(view, doctorText({ checks, origins, values, protection, violations }));
        },
        exit: faulty ? exitCodes.findings : reportExit(exitCode, { visible, found }),
      };
    } finally {
      await database.close();
    }
  },
});
