import type { Diagnosis, Level } from '../../domain/triage/diagnosis.ts';

type Said = [Level, string, string?];

/** Effects of settings that servo-tui's own sessions do not override. */
const consequences: Readonly<Record<string, Said>> = {
  default_transaction_read_only: [
    'fault',
    'nothing can be written: executors wait',
    'where that is not meant: alter database NAME reset default_transaction_read_only; or of the role',
  ],
  session_replication_role: [
    'fault',
    'triggers do not fire: the journal, wake-ups and reclaim by heartbeat are missing',
    'alter database NAME reset session_replication_role; or of the role',
  ],
  synchronous_commit: [
    'note',
    'a crash of the server may lose the last completions: those partitions run again',
  ],
};

export function settingsText(settings: Diagnosis['settings'], pooled: boolean): Said[] {
  const foreign = settings
    .filter(({ own }) => !own)
    .map(({ name, value }): Said => {
      const [level, words, hint] = consequences[name] ?? ['note', 'not as servo-tui expects'];
      return [level, `${name} = ${value}: ${words}`, ...(hint === undefined ? [] : [hint])] as Said;
    });
  const own = settings.filter((one) => one.own).map(({ name, value }) => `${name} = ${value}`);
  if (own.length === 0) return foreign.length > 0 ? foreign : [['ok', 'as servo-tui needs them']];
  const where = pooled
    ? 'own transactions set them otherwise; handlers in SQL, behind the pooler, have them as they are'
    : 'own sessions set them otherwise';
  return [...foreign, ['note', `${own.join(', ')}: servo-tui's ${where}`]];
}
