import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionSettings } from '../../source/database/settings.ts';
import { packageRoot } from '../../source/package.ts';
import { waitFor } from './wait-for.ts';

export const binary = join(packageRoot, 'bin', 'servo-tui.js');

/** A handler directory with these files; those whose text starts with #! may be executed. */
export function handlerDirectory(files: Record<string, string>): string {
  const directory = mkdtempSync(join(tmpdir(), 'servo-handlers-'));
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(directory, name), text);
    if (text.startsWith('#!')) chmodSync(join(directory, name), 0o755);
  }
  return directory;
}

export function environmentFor(settings: ConnectionSettings, tenant: string): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(PG|SERVO_|DATABASE_URL|TENANT_ID)/.test(name),
  );
  const places = settings.hosts ?? [settings];
  return {
    ...Object.fromEntries(inherited),
    PGHOST: places.map(({ host }) => host).join(','),
    PGPORT: places.map(({ port }) => port).join(','),
    ...(settings.target === undefined ? {} : { PGTARGETSESSIONATTRS: 'read-write' }),
    PGUSER: settings.user,
    PGDATABASE: settings.database,
    ...(settings.password === undefined ? {} : { PGPASSWORD: settings.password }),
    TENANT_ID: tenant,
  };
}

/** `servo-tui --worker` as a process of its own, whose log is kept. */
export class Worker {
  readonly process: ChildProcess;
  readonly exited: Promise<[number | null, NodeJS.Signals | null]>;
  log = '';

  constructor(
    settings: ConnectionSettings,
    tenant: string,
    args: string[],
    env: NodeJS.ProcessEnv = {},
  ) {
    this.process = spawn(process.execPath, [binary, '--worker', ...args], {
      env: { ...environmentFor(settings, tenant), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.process.stdout!, this.process.stderr!]) {
      stream.setEncoding('utf8').on('data', (text) => (this.log += text));
    }
    this.exited = once(this.process, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  }

  async started(): Promise<this> {
    await waitFor('the worker to start', () => /executor .* started/.test(this.log), {
      seen: () => this.log,
    });
    return this;
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<[number | null, NodeJS.Signals | null]> {
    this.process.kill(signal);
    return this.exited;
  }
}
