import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorDocument, run } from '../support/cli.ts';
import { everyCommand } from '../support/commands.ts';

/** Nothing listens there: a command that opens a connection exits with 5. */
const nowhere = 'postgres://u@127.0.0.1:1/none';
const job = '00000000-0000-4000-8000-000000000000';

/** A line of each command that writes, run so; other words of it are in `reading`. */
const writing: Readonly<Record<string, string>> = {
  advise: `advise ${job} --apply`,
  '--worker': '--worker',
  demo: 'demo',
  start: 'start orders --partition k',
  pause: `pause ${job}`,
  resume: `resume ${job}`,
  cancel: `cancel ${job} --reason r`,
  reclaim: `reclaim ${job}`,
  retry: `retry ${job}`,
  recreate: `recreate ${job} --reason r`,
  set: `set ${job} --priority 1`,
  apply: 'apply plan.json --yes',
  limits: 'limits set --tenant-wide 2',
  assets: 'assets sync',
  exporter: 'exporter --metrics-port 0',
  prune: 'prune --yes',
  migrate: 'migrate --rls',
  embedded: 'embedded reset --yes',
};

/** Lines that only look: those of commands that never write, and of those that need not. */
const reading: Readonly<Record<string, string>> = {
  console: '',
  list: 'list',
  status: `status ${job}`,
  start: 'start orders --partition k --dry-run',
  recreate: `recreate ${job} --reason r --dry-run`,
  pause: `pause ${job} --dry-run`,
  resume: `resume ${job} --dry-run`,
  cancel: `cancel ${job} --dry-run`,
  reclaim: `reclaim ${job} --dry-run`,
  set: `set ${job} --priority 1 --dry-run`,
  plan: 'plan pause state:running',
  explain: `explain ${job}`,
  triage: 'triage',
  alerts: 'alerts',
  executors: 'executors',
  events: 'events',
  logs: `logs ${job}`,
  limits: 'limits',
  assets: 'assets',
  doctor: 'doctor',
  risk: 'risk',
  advise: `advise ${job}`,
  review: 'review',
  export: `export ${job}`,
  handoff: 'handoff',
  prune: 'prune --dry-run',
  migrate: 'migrate --check',
  env: 'env',
  embedded: 'embedded status',
  schema: 'schema list',
  completion: 'completion bash',
};

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'servo-read-only-'));
  mkdirSync(join(folder, 'servo-tui'));
  writeFileSync(
    join(folder, 'servo-tui', 'config.toml'),
    `default = "look"\n[look]\ndatabase_url = "${nowhere}"\ntenant = "acme"\nread_only = true\n`,
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

const server = { DATABASE_URL: nowhere, TENANT_ID: 'acme' };
const ways: readonly (readonly [string, string[], () => Record<string, string>])[] = [
  ['--read-only', ['--read-only'], () => server],
  ['SERVO_READ_ONLY', [], () => ({ ...server, SERVO_READ_ONLY: '1' })],
  ['context look', ['--context', 'look'], () => ({ XDG_CONFIG_HOME: folder })],
  ['context look', [], () => ({ XDG_CONFIG_HOME: folder })],
];

function words(line: string): string[] {
  return line.split(' ').filter((word) => word !== '');
}

/** Four at a time: each is a process. */
async function each<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const left = [...all];
  const loop = async () => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) await work(one);
  };
  await Promise.all([loop(), loop(), loop(), loop()]);
}

describe('C2 one gate for read-only', () => {
  test('every command declares whether it writes, and has a row here', () => {
    for (const { name, writes } of everyCommand) {
      expect(['boolean', 'function'], name).toContain(typeof writes);
      expect(name in writing, `${name} has a line that writes`).toBe(writes !== false);
      expect(name in reading, `${name} has a line that reads`).toBe(writes !== true);
    }
  });

  test('writing commands are refused by flag, variable and context before anything is opened', async () => {
    const home = join(folder, 'embedded');
    const cases = Object.values(writing).flatMap((line) => ways.map((way) => [line, way] as const));
    await each(cases, async ([line, [origin, flags, env]]) => {
      const variables = { ...env(), SERVO_EMBEDDED_HOME: home };
      const ran = await run([...words(line), ...flags, '--json'], variables);
      const error = errorDocument(ran);
      expect([ran.code, error.code], `${line} by ${origin}: ${error.message}`).toEqual([
        4,
        'not_allowed',
      ]);
      expect(error.message).toMatch(/^refusing to run .*: read-only mode is on/);
      expect(error.message).toContain(`(${origin})`);
    });
    expect(existsSync(home)).toBe(false);
  });

  test('reading commands are not', async () => {
    await each(Object.values(reading), async (line) => {
      const { code, stderr } = await run([...words(line), '--read-only'], {
        ...server,
        SERVO_EMBEDDED_HOME: join(folder, 'none'),
      });
      expect([0, 5], `${line}: ${stderr}`).toContain(code);
    });
  });

  test('an embedded database is not created either', async () => {
    const home = join(folder, 'absent');
    for (const line of ['list', 'doctor', 'migrate --check']) {
      const ran = await run([...words(line), '--embedded', '--read-only', '--json'], {
        SERVO_EMBEDDED_HOME: home,
      });
      expect([ran.code, errorDocument(ran).code], line).toEqual([4, 'not_allowed']);
    }
    expect(readdirSync(home, { recursive: true }).join()).not.toContain('PG_VERSION');
  });
});
