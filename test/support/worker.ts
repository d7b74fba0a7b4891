import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionSettings } from '../../source/database/settings.ts';
import { packageRoot } from '../../source/package.ts';
import { environment } from './environment.ts';
import { waitFor } from './wait-for.ts';

export const binary = join(packageRoot, 'bin', 'servo-tui.js');

/** A handler directory with these files; a text that starts with #! is made executable. */
export function handlerDirectory(files: Record<string, string>): string {
  const directory = mkdtempSync(join(tmpdir(), 'servo-handlers-'));
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(directory, name), text);
    if (text.startsWith('#!')) chmodSync(join(directory, name), 0o755);
  }
  return directory;
}

export function environmentFor(settings: ConnectionSettings, tenant: string): NodeJS.ProcessEnv {
  const places = settings.hosts ?? [settings];
  return {
    ...environment(),
    PGHOST: places.map(({ host }) => host).join(','),
    PGPORT: places.map(({ port }) => port).join(','),
    ...(settings.target === undefined ? {} : { PGTARGETSESSIONATTRS: 'read-write' }),
    PGUSER: settings.user,
    PGDATABASE: settings.database,
    ...(settings.password === undefined ? {} : { PGPASSWORD: settings.password }),
    TENANT_ID: tenant,
  };
}

/** The built program as a long-running process with its log. */
export class Program {
  readonly process: ChildProcess;
  readonly exited: Promise<[number | null, NodeJS.Signals | null]>;
  log = '';

  constructor(
    settings: ConnectionSettings,
    tenant: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv = {},
  ) {
    this.process = spawn(process.execPath, [binary, ...args], {
      env: { ...environmentFor(settings, tenant), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.process.stdout!, this.process.stderr!]) {
      stream.setEncoding('utf8').on('data', (text) => (this.log += text));
    }
    this.exited = once(this.process, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  }

  /** Its log as JSON lines. */
  get events(): Record<string, unknown>[] {
    const lines = this.log.split('\n').filter((line) => line.startsWith('{'));
    return lines.map((line) => JSON.parse(line));
  }

  /** Its address for metrics and health, from its log. */
  listening(): Promise<string> {
    return waitFor(
      'it to serve metrics',
      () => /metrics and health on ([\d.]+:\d+)/.exec(this.log)?.[1],
      { seen: () => this.log },
    );
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<[number | null, NodeJS.Signals | null]> {
    this.process.kill(signal);
    return this.exited;
  }
}

/** `servo-tui --worker`. */
export class Worker extends Program {
  constructor(
    settings: ConnectionSettings,
    tenant: string,
    args: string[],
    env: NodeJS.ProcessEnv = {},
  ) {
    super(settings, tenant, ['--worker', ...args], env);
  }

  async started(): Promise<this> {
    await waitFor('the worker to start', () => /executor .* started/.test(this.log), {
      seen: () => this.log,
    });
    return this;
  }
}
