import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Attempt, Outcome } from '../../source/domain/partition/attempt.ts';
import { loadCatalogue } from '../../source/handlers/catalogue.ts';
import { meaningOf, retryAfterMs } from '../../source/handlers/http-status.ts';
import { anAttempt } from '../support/attempt.ts';
import { Backfills, keys } from '../support/backfill.ts';
import { withVariables } from '../support/environment.ts';
import { waitFor } from '../support/wait-for.ts';
import { handlerDirectory } from '../support/worker.ts';

type Received = { method: string; url: string; headers: IncomingMessage['headers']; body: string };

let received: Received[];
let answer: (response: ServerResponse, request: IncomingMessage) => void;
const server = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  received.push({ method: request.method!, url: request.url!, headers: request.headers, body });
  answer(response, request);
});
let base: string;

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

beforeEach(() => {
  received = [];
  answer = (response) => response.end('ok\n');
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function handlerOf(toml: string) {
  const handler = (await loadCatalogue(handlerDirectory({ 'orders.toml': toml }))).get('orders')!;
  if (handler.kind !== 'http') throw new Error('not an endpoint');
  return handler;
}

async function run(
  options: {
    url?: string;
    headers?: string;
    attempt?: Partial<Attempt>;
    signal?: AbortSignal;
  } = {},
) {
  const toml = `[http]\nurl = "${options.url ?? `${base}/run?key=hidden`}"\n${options.headers ?? ''}`;
  return (await handlerOf(toml)).run({
    attempt: anAttempt(options.attempt),
    signal: options.signal ?? new AbortController().signal,
    grace_ms: 1_000,
  });
}

function answering(status: number, headers: Record<string, string> = {}, body = ''): void {
  answer = (response) => response.writeHead(status, headers).end(body);
}

describe('an endpoint', () => {
  it('gets the partition, with an idempotency key and the headers of its settings', async () => {
    const settings = { headers: `[http.headers]\nAuthorization = "Bearer \${ENDPOINT_TOKEN}"\n` };
    expect(await withVariables({ ENDPOINT_TOKEN: 'hidden' }, () => run(settings))).toEqual({
      outcome: { kind: 'completed' },
      output: 'ok\n',
    });
    const [{ method, url, headers, body }] = received as [Received];
    expect([method, url]).toEqual(['POST', '/run?key=hidden']);
    expect(headers).toMatchObject({
      authorization: 'Bearer hidden',
      'content-type': 'application/json',
      'idempotency-key': 'backfill:j:2024-01-31',
    });
    expect(JSON.parse(body)).toEqual({
      partition_key: '2024-01-31',
      partition_start: '2024-01-31T00:00:00Z',
      partition_end: '2024-02-01T00:00:00Z',
      asset: 'orders',
      job_id: 'j',
      attempt: 2,
      idempotency_key: 'backfill:j:2024-01-31',
      tenant_id: 'acme',
    });
  });

  it('gets any text as a partition key', async () => {
    const key = 'line\nbreak "é" 🙂 50%';
    expect((await run({ attempt: { partition_key: key } })).outcome.kind).toBe('completed');
    expect(JSON.parse(received[0]!.body).partition_key).toBe(key);
    const header = received[0]!.headers['idempotency-key'] as string;
    expect(decodeURIComponent(header)).toBe(`backfill:j:${key}`);
  });

  const answers: [number, Record<string, string>, Outcome['kind']][] = [
    [200, {}, 'completed'],
    [202, {}, 'completed'],
    [204, {}, 'completed'],
    [302, { location: '/elsewhere' }, 'failed'],
    [304, {}, 'failed'],
    [400, {}, 'fatal'],
    [401, {}, 'failed'],
    [403, {}, 'failed'],
    [404, { 'retry-after': '5' }, 'failed'],
    [408, {}, 'failed'],
    [409, {}, 'failed'],
    [410, {}, 'failed'],
    [422, {}, 'fatal'],
    [425, {}, 'failed'],
    [429, {}, 'snoozed'],
    [500, {}, 'failed'],
    [501, {}, 'failed'],
    [503, {}, 'failed'],
    [503, { 'retry-after': '5' }, 'snoozed'],
    [408, { 'retry-after': 'soon' }, 'failed'],
  ];
  for (const [status, headers, kind] of answers) {
    const name = [status, headers['retry-after'] && `Retry-After: ${headers['retry-after']}`];
    it(`${name.filter(Boolean).join(' ')} → ${kind}`, async () => {
      answering(status, headers);
      expect((await run()).outcome.kind).toBe(kind);
      expect(received).toHaveLength(1);
    });
  }

  it('is called again at its Retry-After: in seconds, or a time of its own clock', async () => {
    answering(503, { 'retry-after': '120' }, 'busy');
    expect((await run()).outcome).toEqual({
      kind: 'snoozed',
      message: `${base}/run: HTTP 503 Service Unavailable: busy`,
      delay_ms: 120_000,
    });
    answering(429, {
      date: 'Wed, 01 Jan 2020 00:00:00 GMT',
      'retry-after': 'Wed, 01 Jan 2020 00:10:00 GMT',
    });
    expect((await run()).outcome).toMatchObject({ kind: 'snoozed', delay_ms: 600_000 });
  });

  it('that refuses or redirects is quoted without the query of its URL', async () => {
    answering(422, {}, '{\n  "error": "no such day"\n}');
    expect(await run()).toEqual({
      outcome: {
        kind: 'fatal',
        message: `${base}/run: HTTP 422 Unprocessable Entity: { "error": "no such day" }`,
      },
      output: '{\n  "error": "no such day"\n}',
    });
    answering(307, { location: 'https://example.com/' });
    expect((await run()).outcome).toEqual({
      kind: 'failed',
      permanent: true,
      message: `${base}/run: HTTP 307 Temporary Redirect: redirects to https://example.com/: redirects are not followed`,
    });
  });

  it('may send a long response: the tail is kept', async () => {
    answer = (response) => {
      for (let i = 0; i < 100; i++) response.write('x'.repeat(10_000));
      response.end('\nthe end');
    };
    const { outcome, output } = await run();
    expect(outcome.kind).toBe('completed');
    expect(Buffer.byteLength(output!)).toBeLessThanOrEqual(65_536);
    expect(output).toMatch(/^… \d+ earlier bytes were dropped\n/);
    expect(output!.endsWith('\nthe end')).toBe(true);
  });

  it('A15: only a response that is the same for every partition is a permanent failure', async () => {
    for (const [status, permanent] of [
      [302, true],
      [401, true],
      [404, true],
      [410, true],
      [501, true],
      [408, undefined],
      [422, undefined],
      [500, undefined],
    ] as const) {
      answering(status);
      const { outcome } = await run();
      expect([status, (outcome as { permanent?: boolean }).permanent]).toEqual([status, permanent]);
    }
  });

  it('A17: that cannot be reached is away, with the reason', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    closed.close();
    await once(closed, 'close');
    expect((await run({ url: `http://127.0.0.1:${port}/run?key=hidden` })).outcome).toEqual({
      kind: 'unavailable',
      of: 'endpoint',
      message: `cannot reach http://127.0.0.1:${port}/run: connect ECONNREFUSED 127.0.0.1:${port}`,
    });
  });

  it('that is no HTTP server is a failure with the reason', async () => {
    const odd = createTcpServer((socket) => socket.end('SSH-2.0-OpenSSH\r\n'));
    odd.listen(0, '127.0.0.1');
    await once(odd, 'listening');
    const { port } = odd.address() as AddressInfo;
    const { outcome } = await run({ url: `http://127.0.0.1:${port}` });
    odd.close();
    expect(outcome).toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('cannot reach'),
    });
  });

  it('that hangs up before it answers, or amid its answer, has not done it', async () => {
    answer = (response) => response.destroy();
    expect((await run()).outcome).toEqual({
      kind: 'unavailable',
      of: 'endpoint',
      message: `cannot reach ${base}/run: socket hang up`,
    });
    answer = (response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => response.destroy());
    };
    const { outcome, output } = await run();
    expect(outcome).toMatchObject({
      kind: 'failed',
      message: expect.stringContaining(`the response of ${base}/run was cut off (HTTP 200)`),
    });
    expect(output).toBe('half');
  });

  for (const [when, begin] of [
    ['before it answers', () => {}],
    ['amid its answer', (response: ServerResponse) => response.write('half')],
  ] as const) {
    it(`that is stopped ${when} is left immediately`, async () => {
      const controller = new AbortController();
      let closed = false;
      answer = (response, request) => {
        request.socket.once('close', () => (closed = true));
        begin(response);
      };
      const running = run({ signal: controller.signal });
      await waitFor('the request', () => received.length === 1);
      controller.abort();
      expect((await running).outcome.kind).toBe('failed');
      await waitFor('the connection to be closed', () => closed);
    });
  }
});

describe('Retry-After', () => {
  const now = new Date('2024-05-14T12:00:00Z');
  const cases: [string | undefined, string | undefined, number | null][] = [
    [undefined, undefined, null],
    ['', undefined, null],
    ['0', undefined, 0],
    ['90', undefined, 90_000],
    ['1.5', undefined, null],
    ['-5', undefined, null],
    ['2024', undefined, 2_024_000],
    ['99999999999', undefined, 86_400_000],
    ['Tue, 14 May 2024 12:01:00 GMT', undefined, 60_000],
    ['Tuesday, 14-May-24 12:01:00 GMT', undefined, 60_000],
    ['Tue, 14 May 2024 11:00:00 GMT', undefined, 0],
    ['Tue, 14 May 2024 12:01:00 GMT', 'Tue, 14 May 2024 12:00:30 GMT', 30_000],
    ['tomorrow', undefined, null],
  ];
  for (const [retry_after, date, expected] of cases) {
    it(`${retry_after}${date === undefined ? '' : ` at ${date}`} → ${expected}`, () => {
      expect(retryAfterMs({ status: 503, retry_after, date }, now)).toBe(expected);
    });
  }

  it('every status has a meaning', () => {
    const meanings = Array.from({ length: 500 }, (_, i) => meaningOf(100 + i));
    expect(new Set(meanings)).toEqual(
      new Set(['refused', 'done', 'redirected', 'failing', 'busy', 'misconfigured']),
    );
    expect(meaningOf(299)).toBe('done');
    expect(meaningOf(0)).toBe('failing');
  });
});

describe('in an executor', () => {
  let backfills: Backfills;
  beforeAll(async () => {
    backfills = await Backfills.open();
  });
  afterAll(() => backfills.close());

  it('partitions are snoozed by Retry-After, retried after a failure, and have the response as log', async () => {
    const asked = new Map<string, number>();
    answer = (response) => {
      const { partition_key } = JSON.parse(received.at(-1)!.body);
      const times = (asked.get(partition_key) ?? 0) + 1;
      asked.set(partition_key, times);
      if (partition_key === 'k00001' && times === 1)
        response.writeHead(503, { 'retry-after': '0' });
      if (partition_key === 'k00002' && times === 1) response.writeHead(500);
      response.end(`answer ${times} to ${partition_key}`);
    };
    const job = await backfills.job({ keys: keys(3) });
    const executor = await backfills.execute([await handlerOf(`[http]\nurl = "${base}/run"\n`)], {
      speed: 200,
    });
    await backfills.state(job, 'completed');
    expect(
      (await backfills.partitions(job)).map((row) => [row.attempt_count, row.failure_count]),
    ).toEqual([
      [2, 0],
      [2, 1],
      [1, 0],
    ]);
    expect(
      await backfills.rows(
        'select partition_key, attempt, output from backfill_attempt_logs where job_id = $1 order by 1, 2',
        [job],
      ),
    ).toEqual([
      { partition_key: 'k00001', attempt: 1, output: 'answer 1 to k00001' },
      { partition_key: 'k00001', attempt: 2, output: 'answer 2 to k00001' },
      { partition_key: 'k00002', attempt: 1, output: 'answer 1 to k00002' },
      { partition_key: 'k00002', attempt: 2, output: 'answer 2 to k00002' },
      { partition_key: 'k00003', attempt: 1, output: 'answer 1 to k00003' },
    ]);
    await executor.drain();
  });

  it('the request to an endpoint that never replies ends at the timeout', async () => {
    answer = () => {};
    const job = await backfills.job({
      keys: keys(1),
      strategy: { type: 'sequential', timeout_ms: 100, max_attempts: 1 },
    });
    const executor = await backfills.execute([await handlerOf(`[http]\nurl = "${base}/run"\n`)]);
    await backfills.state(job, 'failed');
    expect((await backfills.partitions(job))[0]).toMatchObject({
      error_message: 'timed out after 0.1 s',
      failure_count: 1,
    });
    await executor.drain();
  });
});
