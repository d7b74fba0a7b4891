import { spawn } from 'node:child_process';
import { join } from 'node:path';
import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import { jsonSchemas } from '../../source/commands/system/json-schemas.ts';
import { table } from '../../source/commands/table.ts';
import { environment } from './environment.ts';

export { environment, urlOf } from './environment.ts';

export const binary = join(import.meta.dirname, '..', '..', 'bin', 'servo-tui.js');

export type Ran = { code: number | null; stdout: string; stderr: string };

/** Runs the built program with stdin, stdout and stderr as pipes. */
export function run(
  args: readonly string[],
  variables: Record<string, string> = {},
  input = '',
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [binary, ...args], { env: environment(variables) });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => (stdout += chunk));
    child.stderr.on('data', (chunk) => (stderr += chunk));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

const schemas = await jsonSchemas(table);
const ajv = new Ajv2020({ strict: false, validateFormats: false });
const validators = new Map<string, ValidateFunction>();

/** The output as one JSON document, checked against the published schema. */
// biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects to be there.
export function documentOf(command: string, text: string): Record<string, any> {
  if (!validators.has(command)) validators.set(command, ajv.compile(schemas[command]!));
  const document = JSON.parse(text);
  const validate = validators.get(command)!;
  validate(document);
  const wrong = validate.errors?.map(({ instancePath, message }) => `${instancePath} ${message}`);
  expect(wrong ?? null, `${command}: ${wrong?.join('; ')}: ${text.slice(0, 400)}`).toBeNull();
  return document;
}

/** The error on stderr of a command run with --json; stdout must be empty. */
export function errorDocument(ran: Ran): { code: string; message: string; hint: string | null } {
  expect(ran.stdout).toBe('');
  return documentOf('error', ran.stderr).error;
}
