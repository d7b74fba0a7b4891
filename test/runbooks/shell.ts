import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../source/package.ts';
import { environment, urlOf } from '../support/environment.ts';
import type { Operator } from '../support/operator.ts';
import { waitFor } from '../support/wait-for.ts';
import { binary } from '../support/worker.ts';

export type Result = { command: string; rowCount: number; rows: Record<string, unknown>[] };
export type Output = { code: number | null; stdout: string; stderr: string };

/** A shell as an engineer on call has it: `servo` is servo-tui, and `servo-tui env` has said where the database is. */
export class Shell {
  readonly #environment: NodeJS.ProcessEnv;
  readonly #folder = mkdtempSync(join(tmpdir(), 'servo-runbook-'));

  constructor(operator: Operator, tenant: string) {
    const psql = join(packageRoot, 'test', 'runbooks', 'psql.js');
    writeFileSync(
      join(this.#folder, 'psql'),
      `#!/bin/sh\nexec "${process.execPath}" "${psql}" "$@"\n`,
    );
    chmodSync(join(this.#folder, 'psql'), 0o755);
    this.#environment = environment({
      DATABASE_URL: urlOf(operator.database.app),
      TENANT_ID: tenant,
      SERVO_ACTOR: 'mara',
      PATH: `${this.#folder}:${process.env.PATH}`,
    });
  }

  /** Runs the lines as they are printed. `meanwhile` is told what comes, and may change the world. */
  async run(lines: string, meanwhile?: (said: () => string) => Promise<void>): Promise<Output> {
    const preamble = `shopt -s expand_aliases\nservo_tui() { "${process.execPath}" "${binary}" "$@"; }\nalias servo=servo_tui\n`;
    const child = spawn('bash', ['-c', `${preamble}\neval "$(servo_tui env)"\n${lines}\n`], {
      env: this.#environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output: Output = { code: null, stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    const ended = new Promise<void>((resolve) => {
      child.on('close', (code) => {
        output.code = code;
        resolve();
      });
    });
    await meanwhile?.(() => output.stdout);
    await ended;
    return output;
  }

  /** Runs a statement as psql would, with the URL of `servo-tui env`. */
  async sql(text: string): Promise<Result[]> {
    const { code, stdout, stderr } = await this.run(`psql "$DATABASE_URL" -c ${quoted(text)}`);
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stdout);
  }
}

/** Waits until what was said says this. */
export function until(said: () => string, what: RegExp): Promise<unknown> {
  return waitFor(String(what), () => what.test(said()), { seen: said });
}

/** The rows of the psql in a block of commands. */
export function rowsIn({ stdout }: Output): Record<string, unknown>[] {
  const line = stdout.split('\n').find((one) => one.startsWith('[{'));
  return (JSON.parse(line ?? '[]') as Result[])[0]?.rows ?? [];
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
