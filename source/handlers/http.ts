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

/** Headers that settings may not override. */
export const ownHeaders: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'content-type',
  'host',
  'idempotency-key',
  'transfer-encoding',
]);

/** Most characters of an unsuccessful response in the error message; the log has 64 KiB. */
const excerptLength = 500;

/**
 * An endpoint as handler: POST with the attempt's facts as JSON (attemptFacts) and the header
 * Idempotency-Key, percent-encoded if it is not ASCII. Statuses: http-status.ts. Not `fetch`, which
 * gives up on the headers after five minutes: here only the attempt's timeout ends the request.
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
  // The query may hold a secret.
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
    // The response has begun: the work may be done.
    const message = `the response of ${place} was cut off (HTTP ${response.statusCode}): ${messageOf(error)}`;
    return { outcome: { kind: 'failed', message }, output: output.toString() };
  }
  const { statusCode: status = 0, statusMessage = '', headers } = response;
  const text = output.toString();
  const said = text
    .slice(0, 4 * excerptLength)
    .replace(/\s+/g, ' ')
    .trim();
  const shown = said.length > excerptLength ? `${said.slice(0, excerptLength)} …` : said;
  const detail =
    meaningOf(status) === 'redirected'
      ? `redirects to ${headers.location ?? 'no location'}: redirects are not followed`
      : shown;
  const message = [`${place}: HTTP ${status} ${statusMessage}`.trim(), detail]
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
    // No keep-alive: the endpoint may have closed an idle connection.
    const message = request(url, { method: 'POST', headers, signal, agent: false }, resolve);
    message.setSocketKeepAlive(true, 30_000);
    message.on('error', reject);
    message.end(body);
  });
}

/** Headers may hold visible ASCII only. */
function headerText(text: string): string {
  return text.replace(/[^!-$&-~]+/gu, (odd) => encodeURIComponent(odd));
}
