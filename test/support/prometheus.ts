import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { waitFor } from './wait-for.ts';

/** Folder of `prometheus` and `promtool` if they are not on the PATH. */
const folder = process.env.PROMETHEUS_BIN;
const program = (name: string) => (folder ? join(folder, name) : name);

export function hasPrometheus(): boolean {
  return ['prometheus', 'promtool'].every(
    (name) => spawnSync(program(name), ['--version']).status === 0,
  );
}

/** Runs promtool; rejects with its output if it fails. */
export async function promtool(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program('promtool'), args);
  return stdout;
}

export type Sample = { metric: Record<string, string>; value: number };

/** A real Prometheus that scrapes the targets every second, with these rules. */
export class Prometheus {
  readonly #process: ChildProcess;
  readonly #directory: string;
  readonly #port: number;
  #log = '';

  private constructor(directory: string, port: number) {
    this.#directory = directory;
    this.#port = port;
    this.#process = spawn(
      program('prometheus'),
      [
        `--config.file=${join(directory, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(directory, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.#process.stderr!.setEncoding('utf8').on('data', (text) => (this.#log += text));
  }

  static async start(targets: readonly string[], rules: string): Promise<Prometheus> {
    const directory = mkdtempSync(join(tmpdir(), 'servo-prometheus-'));
    const config = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [rules],
      scrape_configs: [{ job_name: 'servo', static_configs: [{ targets }] }],
    };
    // JSON is valid YAML.
    writeFileSync(join(directory, 'prometheus.yml'), JSON.stringify(config));
    const prometheus = new Prometheus(directory, await freePort());
    await waitFor('Prometheus to be ready', () => prometheus.#isReady(), {
      seen: () => prometheus.#log,
    });
    return prometheus;
  }

  async #isReady(): Promise<boolean> {
    const answer = await fetch(`http://127.0.0.1:${this.#port}/-/ready`).catch(() => null);
    return answer?.ok ?? false;
  }

  /** The samples of an instant query; `NaN` is a value. Rejects on an invalid query. */
  async query(expression: string): Promise<Sample[]> {
    const { result } = await this.#get(`query?query=${encodeURIComponent(expression)}`);
    return result.map(
      ({ metric, value }: { metric: Record<string, string>; value: [number, string] }) => ({
        metric,
        value: Number(value[1]),
      }),
    );
  }

  /** The evaluated rules. */
  async rules(): Promise<{ name: string; health: string; lastError?: string; state: string }[]> {
    const { groups } = await this.#get('rules');
    return groups.flatMap(({ rules }: { rules: unknown[] }) => rules);
  }

  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects to be there.
  async #get(path: string): Promise<any> {
    const answer = await fetch(`http://127.0.0.1:${this.#port}/api/v1/${path}`);
    const body = (await answer.json()) as { status: string; error?: string; data: unknown };
    if (body.status !== 'success') throw new Error(`${path}: ${body.error}`);
    return body.data;
  }

  async stop(): Promise<void> {
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exited;
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
