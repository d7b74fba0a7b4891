import type { Diagnosis, Level } from '../../domain/triage/diagnosis.ts';

type Finding = [Level, string, string?];

/** Effects of settings that servo-tui's own sessions do not override. */
const consequences: Readonly<Record<string, Finding>> = {
  default_transaction_read_only: [
    'fault',
    'read-only: executors wait',
    'if unintended: alter database NAME reset default_transaction_read_only (or alter role)',
  ],
  session_replication_role: [
    'fault',
    'triggers do not fire: the journal, wake-ups and reclaim by heartbeat are missing',
    'alter database NAME reset session_replication_role (or alter role)',
  ],
  synchronous_commit: [
    'note',
    'a crash of the server may lose the last completions: those partitions run again',
  ],
};

export function settingsText(settings: Diagnosis['settings'], pooled: boolean): Finding[] {
  const overriding = settings
    .filter(({ own }) => !own)
    .map(({ name, value }): Finding => {
      const [level, text, hint] = consequences[name] ?? ['note', 'not as servo-tui expects'];
      return [
        level,
        `${name} = ${value}: ${text}`,
        ...(hint === undefined ? [] : [hint]),
      ] as Finding;
    });
  const own = settings.filter((one) => one.own).map(({ name, value }) => `${name} = ${value}`);
  if (own.length === 0)
    return overriding.length > 0 ? overriding : [['ok', 'as servo-tui needs them']];
  const where = pooled
    ? 'own transactions override them; SQL handlers behind the pooler do not'
    : 'own sessions override them';
  return [...overriding, ['note', `${own.join(', ')}: servo-tui's ${where}`]];
}
