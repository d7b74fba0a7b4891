import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import Ajv2020 from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { type Command, onHost } from '../../source/app/command.ts';
import { endingFlags, Flags, globalFlags } from '../../source/cli/flags.ts';
import { helpOf, helpOfAll } from '../../source/cli/help.ts';
import { parseCommandLine } from '../../source/cli/parse.ts';
import { jsonSchemas } from '../../source/commands/system/json-schemas.ts';
import { table } from '../../source/commands/table.ts';
import type { Problem } from '../../source/errors.ts';

const all: readonly Command[] = [table.console, table.worker, ...table.named];
const byName = all.map((command) => [command.spec.name, command] as const);
const folder = resolve(import.meta.dirname, '../../source/commands');

/** Commands that print no JSON of their own. */
const withoutJson = ['--worker', 'schema'];

/** Shapes that a command publishes beside the one of its own name. */
const more: Readonly<Record<string, string[]>> = {
  console: ['list'],
  list: ['console'],
  status: ['status --watch'],
  triage: ['triage CHECK'],
  events: ['events --follow'],
  logs: ['logs --follow'],
  assets: ['assets sync'],
  completion: ['completion words'],
  ...Object.fromEntries(
    ['pause', 'resume', 'cancel', 'reclaim'].map((name, _, acts) => [
      name,
      acts.filter((other) => other !== name),
    ]),
  ),
};

test('names are given once, and no two commands share one', () => {
  const names = all.flatMap(({ spec }) => [spec.name, ...(spec.also ?? [])]);
  expect(names).toEqual([...new Set(names)]);
  expect(all.length).toBeGreaterThan(30);
});

describe.each(byName)('%s', (name, command) => {
  const { spec } = command;

  test('has a spec that can be shown', () => {
    expect(spec.summary).not.toBe('');
    expect(spec.summary).not.toMatch(/\.$/);
    expect(spec.examples.length).toBeGreaterThan(0);
    for (const [line] of spec.examples) {
      expect(line.startsWith(name === 'console' ? '' : name) || spec.also !== undefined).toBe(true);
    }
    expect(spec.words.least).toBeLessThanOrEqual(spec.words.most);
    // The usage names its first argument where one must be given.
    if (spec.words.least > 0) expect(spec.usage).toMatch(/^[A-Za-z]/);
    const flags = spec.flags.flatMap((row) => [row.name, ...(row.also ?? [])]);
    expect(flags).toEqual([...new Set(flags)]);
    const taken = [...globalFlags, ...endingFlags].map((row) => row.name);
    expect(flags.filter((flag) => taken.includes(flag))).toEqual([]);
    for (const row of spec.flags) {
      expect(row.name).toMatch(/^[a-z][a-z-]*$/);
      expect(row.help).not.toBe('');
      expect(row.multiple === true && row.value === undefined, row.name).toBe(false);
    }
  });

  test('has a help within which every flag stands', () => {
    const help = helpOf(spec);
    for (const row of [...spec.flags, ...globalFlags]) expect(help).toContain(`--${row.name}`);
    if (name === 'console') return;
    const parsed = parseCommandLine([...name.split(' '), '--help'], {}, table);
    expect(parsed).toEqual({ kind: 'print', text: help });
    expect(helpOfAll(table)).toContain(`servo-tui ${name}  `.trimEnd());
  });

  test('reads an empty line without an exception, and tells what is missing', () => {
    const parsed = parseCommandLine(name === 'console' ? [] : name.split(' '), {}, table);
    if (parsed.kind !== 'run') throw new Error(parsed.text);
    expect(parsed.command).toBe(command);
    const problems = [...parsed.problems];
    command.read(parsed.input, parsed.flags, problems);
    const missing = spec.words.least > 0 || ['exporter'].includes(name);
    expect(problems.length > 0, JSON.stringify(problems)).toBe(missing);
    if (missing) expect(problems[0]!.message).toContain(`${name}: missing`);
  });

  test('reads nonsense in every word and flag without an exception', () => {
    for (const value of ['', ' ', '-', '-1', '\0', 'x'.repeat(300), '"', '1e999', 'none', '%']) {
      const rows = [...spec.flags, ...globalFlags];
      const values = new Map<string, readonly string[] | true>(
        rows.map((row) => [row.name, row.value === undefined ? true : [value, value]]),
      );
      const words = Array(Math.min(3, spec.words.most)).fill(value);
      const problems: Problem[] = [];
      command.read(words, new Flags(values), problems);
      for (const { message } of problems) expect(message, value).not.toMatch(/undefined|NaN/);
    }
  });

  test('has a JSON shape, or says that it has none', async () => {
    if (command.json === null) {
      expect(withoutJson).toContain(name);
      return;
    }
    expect(withoutJson).not.toContain(name);
    const { shapes } = await command.json();
    expect(Object.keys(shapes).sort()).toEqual([name, ...(more[name] ?? [])].sort());
  });
});

test('every published schema compiles', async () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const schemas = await jsonSchemas(table);
  expect(Object.keys(schemas)).toContain('error');
  for (const [name, schema] of Object.entries(schemas)) {
    expect(typeof ajv.compile(schema), name).toBe('function');
  }
});

test('commands/ holds one file for each command, with its JSON shape beside it, and table.ts', () => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith('.ts'));
  expect(files.filter((name) => !name.includes('/'))).toEqual(['table.ts']);
  const names = files.map((name) => name.slice(name.indexOf('/') + 1, -'.ts'.length));
  for (const { spec, json } of all) {
    const name = spec.name.replace(/^--/, '');
    expect(names).toContain(name);
    const shared = ['console', 'pause', 'resume', 'cancel', 'reclaim'].includes(name);
    if (json !== null && !shared) expect(names).toContain(`${name}-json`);
  }
});

test('what does not fit its shape is a type error', () => {
  const { spec } = table.console;
  const command = onHost({
    spec,
    json: () => import('../../source/commands/system/env-json.ts'),
    read: () => null,
    // @ts-expect-error: the shape has a tenant_id
    run: async () => ({ json: { database_url: '' }, text: () => '' }),
  });
  expect(command.spec).toBe(spec);
});

test('the folder of each file says what it is', () => {
  expect(readdirSync(folder).sort()).toEqual(['diagnose', 'jobs', 'reports', 'system', 'table.ts']);
  expect(readdirSync(join(folder, 'reports')).length).toBeGreaterThan(3);
});
