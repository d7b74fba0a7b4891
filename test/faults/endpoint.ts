import { appendFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from './random.ts';

type Sent = { job: string; key: string; arrived: number; answered: number; retryAfterMs: number };

/** How an endpoint answers, and how often. What is not drawn for a fault is done, at once. */
const answers = {
  done: 10,
  'slow answer': 1,
  'no answer in time': 0.5,
  'connection dropped': 1,
  'answer broken off': 1,
  'HTTP 500': 1,
  'HTTP 429, Retry-After': 1,
  'HTTP 503, Retry-After': 0.5,
} as const;

/** Longer than the time-out of its jobs. */
const tooLateMs = 3_000;

/** A compute platform that partitions are posted to, which has its own outages. Each request that it carried out is a line in the file of effects. */
export class Endpoint {
  readonly thrown: Record<string, number> = {};
  readonly #server: Server;
  readonly #effects: string;
  readonly #random: Random;
  readonly #sent: Sent[] = [];

  private constructor(effects: string, random: Random) {
    this.#effects = effects;
    this.#random = random;
    this.#server = createServer((request, response) => {
      // The client may be gone.
      this.#answer(request, response).catch(() => response.destroy());
    });
  }

  static async open(effects: string, random: Random): Promise<Endpoint> {
    const endpoint = new Endpoint(effects, random);
    await new Promise<void>((resolve) => endpoint.#server.listen(0, '127.0.0.1', resolve));
    return endpoint;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/run`;
  }

  /** Answers that said when to come again, and the next request for the same partition, in ms since 1970. */
  *comebacks(): Iterable<{ job: string; key: string; told: number; due: number; came: number }> {
    const last = new Map<string, Sent>();
    for (const sent of this.#sent.toSorted((a, b) => a.arrived - b.arrived)) {
      const { job, key } = sent;
      const before = last.get(`${job} ${key}`);
      last.set(`${job} ${key}`, sent);
      if (before === undefined || before.retryAfterMs === 0) continue;
      const told = before.answered;
      yield { job, key, told, due: told + before.retryAfterMs, came: sent.arrived };
    }
  }

  /** Refuses connections for so long, as an endpoint that is being rolled out. */
  async away(milliseconds: number): Promise<void> {
    const { port } = this.#server.address() as AddressInfo;
    await this.close();
    await sleep(milliseconds);
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const arrived = Date.now();
    const { job_id: job, partition_key: key } = JSON.parse(await text(request));
    const sent: Sent = { job, key, arrived, answered: Number.POSITIVE_INFINITY, retryAfterMs: 0 };
    this.#sent.push(sent);
    const answer = this.#random.weighted(answers);
    if (answer !== 'done')
      this.thrown[`endpoint: ${answer}`] = (this.thrown[`endpoint: ${answer}`] ?? 0) + 1;
    const status = Number(/^HTTP (\d+)/.exec(answer)?.[1] ?? (key.startsWith('bad') ? 422 : 200));
    const wait = {
      'slow answer': this.#random.between(100, 1_200),
      'no answer in time': tooLateMs,
    };
    await sleep(wait[answer as keyof typeof wait] ?? this.#random.between(0, 30));
    if (answer === 'connection dropped') {
      response.destroy();
      return;
    }
    if (status === 200) appendFileSync(this.#effects, `${job} ${key}\n`);
    if (answer.endsWith('Retry-After')) sent.retryAfterMs = 1_000;
    // As a date it is read against the Date of the same answer, not against the worker's clock.
    const when = this.#random.chance(0.5) ? '1' : new Date(Date.now() + 1_000).toUTCString();
    response.writeHead(status, sent.retryAfterMs > 0 ? { 'retry-after': when } : {});
    if (answer === 'answer broken off') {
      response.write('so far so g', () => response.destroy());
      return;
    }
    sent.answered = Date.now();
    response.end('said');
  }
}
