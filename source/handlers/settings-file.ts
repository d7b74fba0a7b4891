import { validateHeaderName, validateHeaderValue } from 'node:http';
import { parse, type TomlError } from 'smol-toml';
import { z } from 'zod';
import { type Granularity, granularities } from '../domain/partition/period.ts';
import { nearest } from '../domain/text/nearest.ts';
import { parseDuration } from '../domain/time/duration.ts';
import type { Problem } from '../errors.ts';
import { type AssetSettings, type HttpSettings, noSettings } from './asset-settings.ts';
import { ownHeaders } from './http.ts';

type Variables = Readonly<Record<string, string | undefined>>;

const longestTimeoutMs = 7 * 86_400_000;

function whole(most: number) {
  const error = `must be a whole number from 1 to ${most}`;
  return z.int({ error }).min(1, { error }).max(most, { error });
}

const name = z.string({ error: 'must be text' }).min(1, { error: 'must not be empty' });
const names = z.array(name, { error: 'must be a list of names, such as ["orders"]' });

const timeout = z
  .string({ error: 'must be a duration, such as "30s" or "1h30m"' })
  .transform((text, context) => {
    const milliseconds = parseDuration(text);
    if (milliseconds !== null && milliseconds >= 1 && milliseconds <= longestTimeoutMs)
      return milliseconds;
    context.addIssue('must be a duration from 1ms to 7d, such as "30s" or "1h30m"');
    return z.NEVER;
  });

const url = z.url({
  protocol: /^https?$/,
  error: 'must be the URL of an endpoint, such as "https://host/path"',
});

const document = z.strictObject({
  asset_type: name.max(100, { error: 'must have at most 100 characters' }).optional(),
  every: z
    .enum(granularities as readonly [Granularity, ...Granularity[]], {
      error: `must be one of ${granularities.join(', ')}`,
    })
    .optional(),
  upstreams: names.optional(),
  max_attempts: whole(1000).optional(),
  timeout: timeout.optional(),
  parallel: whole(10_000).optional(),
  http: z
    .strictObject(
      {
        url,
        headers: z
          .record(z.string(), z.string({ error: 'must be text' }), {
            error: 'must be a table of header = "value"',
          })
          .optional(),
      },
      { error: tableError },
    )
    .optional(),
  env: z.strictObject({ pass: names }, { error: tableError }).optional(),
});

const known: Readonly<Record<string, readonly string[]>> = {
  '': Object.keys(document.shape),
  http: ['url', 'headers'],
  env: ['pass'],
};

function tableError(issue: { code?: string }): string | undefined {
  return issue.code === 'invalid_type' ? 'must be a table' : undefined;
}

/**
 * Reads the text of a settings file; `${NAME}` in a header's value is replaced by that variable.
 * Returns every mistake, without values: they may be secrets.
 */
export function parseSettings(
  text: string,
  variables: Variables,
): { settings: AssetSettings; problems: Problem[] } {
  let raw: unknown;
  try {
    raw = parse(text);
  } catch (error) {
    const { line, column } = error as TomlError;
    const message = `invalid TOML (line ${line}, column ${column})`;
    return { settings: noSettings, problems: [{ message }] };
  }
  const { data, error } = document.safeParse(raw);
  if (error !== undefined) return { settings: noSettings, problems: problemsOf(error) };
  const problems: Problem[] = [];
  const http = data.http === undefined ? null : readHttp(data.http, variables, problems);
  const settings: AssetSettings = {
    asset_type: data.asset_type ?? null,
    every: data.every ?? null,
    upstreams: data.upstreams === undefined ? null : [...new Set(data.upstreams)],
    max_attempts: data.max_attempts ?? null,
    timeout_ms: data.timeout ?? null,
    max_parallel: data.parallel ?? null,
    http,
    pass: data.env?.pass ?? [],
  };
  return { settings, problems };
}

function problemsOf(error: z.ZodError): Problem[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.join('.');
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => unknownKey(path, key));
    }
    return { message: `${path} ${issue.message}` };
  });
}

function unknownKey(table: string, key: string): Problem {
  const keys = known[table] ?? [];
  const near = nearest(key, keys);
  const elsewhere = Object.entries(known).find(([, others]) => others.includes(key))?.[0];
  const place = elsewhere === '' ? 'before the first table' : `in [${elsewhere}]`;
  const hint =
    elsewhere !== undefined
      ? `${key} belongs ${place}`
      : near === null
        ? `expected one of ${keys.join(', ')}`
        : `did you mean ${near}?`;
  return { message: `unknown key ${table === '' ? key : `${table}.${key}`}`, hint };
}

function readHttp(
  http: { url: string; headers?: Record<string, string> },
  variables: Variables,
  problems: Problem[],
): HttpSettings {
  const { username, password } = new URL(http.url);
  if (username !== '' || password !== '') {
    problems.push({
      message: 'http.url contains a user name or password',
      hint: 'send it in a header, whose value may name a variable',
    });
  }
  const headers = Object.entries(http.headers ?? {}).map(([header, text]): [string, string] => {
    const value = text.replace(/\$\{([^}]*)\}/g, (_, variable: string) => {
      if (!variables[variable]) {
        problems.push({
          message: `http.headers.${header} needs the variable ${variable}, which is not set`,
          hint: 'set it in the environment of the executor',
        });
      }
      return variables[variable] ?? '';
    });
    problems.push(...headerProblems(header, value));
    return [header, value];
  });
  return { url: http.url, headers: Object.fromEntries(headers) };
}

function headerProblems(header: string, value: string): Problem[] {
  if (ownHeaders.has(header.toLowerCase()))
    return [{ message: `http.headers.${header} is set by servo-tui: remove it` }];
  try {
    validateHeaderName(header);
    validateHeaderValue(header, value);
    return [];
  } catch {
    return [{ message: `http.headers.${header} is not a valid header` }];
  }
}
