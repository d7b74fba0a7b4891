import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { attemptFacts } from '../domain/partition/attempt.ts';
import { originOfCode, outcomeByOrigin } from '../domain/partition/error-origin.ts';
import { messageOf } from '../errors.ts';
import { version } from '../package.ts';
import type { AssetSettings, HttpSettings } from './asset-settings.ts';
import type { HandlerContext, HandlerResult, RunnableHandler } from './handler.ts';
import { meaningOf, outcomeOfAnswer } from './http-status.ts';
import { OutputTail } from './output-tail.ts';

/** Headers that are ours to set. */
export const ownHeaders: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'content-type',
  'host',
  'idempotency-key',
  'transfer-encoding',
]);

/** Longer than a person reads of an answer that is no success; the whole is the attempt's log. */
const excerptLength = 500;

/**
 * A handler that is an endpoint: POST with the attempt's facts as JSON (see attemptFacts) and the
 * header Idempotency-Key, percent-encoded where the key is not ASCII. What the statuses mean: see
 * http-status.ts. It may take as long as the attempt: only the time-out ends it (fetch gives up on
 * the headers after five minutes).
 */
export function httpHandler(
  asset: string,
  http: HttpSettings,
  settings: AssetSettings,
): RunnableHandler {
  return { asset, kind: 'http', settings, run: (context) => call(http, context) };
}

async function call(http: HttpSettings, context: HandlerContext): Promise<HandlerResult> {
  const url = new URL(http.url);
  // What follows the path may be a secret.
  const place = `${url.origin}${url.pathname}`;
  const output = new OutputTail();
  let response: IncomingMessage | null = null;
  try {
    response = await send(url, http, context);
    for await (const chunk of response) output.push(chunk);
  } catch (error) {
    if (response === null) {
      const origin = originOfCode((error as NodeJS.ErrnoException).code);
      return { outcome: outcomeByOrigin(origin, `cannot reach ${place}: ${messageOf(error)}`) };
    }
    // It has begun to answer: its work may be done.
    const message = `the answer of ${place} broke off (HTTP ${response.statusCode}): ${messageOf(error)}`;
    return { outcome: { kind: 'failed', message }, output: output.toString() };
  }
  const { statusCode: status = 0, statusMessage = '', headers } = response;
  const text = output.toString();
  const said = text
    .slice(0, 4 * excerptLength)
    .replace(/\s+/g, ' ')
    .trim();
  const shown = said.length > excerptLength ? `${said.slice(0, excerptLength)} …` : said;
  const told =
    meaningOf(status) === 'redirected'
      ? `it redirects to ${headers.location ?? 'nowhere'}, which is not followed`
      : shown;
  const message = [`${place}: HTTP ${status} ${statusMessage}`.trim(), told]
    .filter(Boolean)
    .join(': ');
  const answer = { status, retry_after: headers['retry-after'], date: headers.date };
  return { outcome: outcomeOfAnswer(answer, message, new Date()), output: text };
}

function send(
  url: URL,
  http: HttpSettings,
  { attempt, signal }: HandlerContext,
): Promise<IncomingMessage> {
  const facts = attemptFacts(attempt);
  const body = JSON.stringify(facts);
  const headers = {
    'user-agent': `servo-tui/${version}`,
    accept: '*/*',
    ...http.headers,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'idempotency-key': headerText(facts.idempotency_key),
  };
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    // A connection of its own: one that was kept may have been closed at the other end meanwhile.
    const message = request(url, { method: 'POST', headers, signal, agent: false }, resolve);
    message.setSocketKeepAlive(true, 30_000);
    message.on('error', reject);
    message.end(body);
  });
}

/** A header holds visible ASCII only. */
function headerText(text: string): string {
  return text.replace(/[^!-$&-~]+/gu, (odd) => encodeURIComponent(odd));
}
