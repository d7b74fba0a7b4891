import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { chooseDatabase } from '../source/config/choose.ts';
import { readConfig } from '../source/config/file.ts';
import { messageOf } from '../source/errors.ts';
import { problemsOfLine } from './support/commands.ts';

// The pages that are written by hand: what they tell people to type exists, and so does what they say they will read.
const root = join(import.meta.dirname, '..');
const docs = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
const pages = ['README.md', 'CONTRIBUTING.md', ...docs.map((name) => join('docs', name))];
const read = (page: string) => readFileSync(join(root, page), 'utf8');

/** The words of a command line up to a pipe, redirection or remark. */
function wordsOf(line: string): string[] {
  const words = line.match(/'[^']*'|"(?:\\.|[^"\\])*"|[^\s'"]+/g) ?? [];
  const end = words.findIndex((word) => /^([|&;#)]|\d?>|<)/.test(word));
  return words
    .slice(0, end < 0 ? undefined : end)
    .map((word) => word.replace(/^(['"])(.*)\1$/, '$2'));
}

/** Every `servo-tui …` of a page, in its blocks of shell and in its sentences. */
function commandLines(text: string): string[] {
  const blocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block]) =>
    block!.split('\n'),
  );
  const prose = text.replace(/```[\s\S]*?```/g, '');
  const inline = [...prose.matchAll(/`([^`]+)`/g)].map(([, code]) => code!);
  return [...blocks, ...inline].flatMap(
    (line) => /(?:^|\$\(|<\()(servo-tui\b[^)]*)/.exec(line)?.[1] ?? [],
  );
}

/** What is wrong with it; COMMAND stands for any. */
function problemsOf(line: string): string[] {
  const [, ...words] = wordsOf(line.replace('COMMAND', 'list'));
  try {
    return problemsOfLine(words).map(({ message }) => message);
  } catch (error) {
    return [messageOf(error)];
  }
}

test.each(pages)('%s: every command line in it is one', (page) => {
  const wrong = commandLines(read(page)).map((line) => [line, problemsOf(line)] as const);
  expect(wrong.filter(([, problems]) => problems.length > 0)).toEqual([]);
});

test('a command line that is none is found', () => {
  const page = '`servo-tui psuse 3f2a` or\n```sh\nservo-tui list --sate running | jq\n```\n';
  expect(commandLines(page).map(problemsOf)).toEqual([
    ['list has no flag --sate'],
    ['unknown command "psuse"'],
  ]);
});

test('there are command lines to look at', () => {
  expect(pages.flatMap((page) => commandLines(read(page))).length).toBeGreaterThan(80);
});

/** As GitHub makes it of a heading. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');

test('what the pages link to is a heading of that page', () => {
  const dead = pages.flatMap((page) =>
    [...read(page).matchAll(/\]\(([^):\s]*)#([^)\s]+)\)/g)]
      .filter(([, file, anchor]) => {
        const target = file === '' ? page : relative(root, join(root, dirname(page), file!));
        const headings = [...read(target).matchAll(/^#+ (.+)$/gm)].map(([, text]) =>
          anchorOf(text!),
        );
        return !headings.includes(anchor!);
      })
      .map(([link]) => `${page}: ${link}`),
  );
  expect(dead).toEqual([]);
});

/** What the database's own words are, the program hands on. */
const servers = ['permission denied for'];

test('the errors of Troubleshooting are said by the program, word for word', () => {
  const [, table = ''] =
    /\n\| it says [^\n]*\n([\s\S]*?)\n\n/.exec(read('docs/troubleshooting.md')) ?? [];
  const said = [...table.matchAll(/^\| `([^`]+)`/gm)].map(([, text]) => text!);
  expect(said.length).toBeGreaterThan(10);
  const source = readdirSync(join(root, 'source'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(root, 'source', name), 'utf8'))
    .concat(servers)
    .join('\n');
  const unsaid = said.filter((text) =>
    text.split(/…|: /).some((part) => !source.includes(part.replace(/^[ ()]+|[ ()]+$/g, ''))),
  );
  expect(unsaid).toEqual([]);
});

test('D: typed in one shell, the first steps reach the database that they are about', () => {
  const [, first = ''] = /\n## First job\n([\s\S]*?)\n## /.exec(read('README.md')) ?? [];
  const env: Record<string, string> = {};
  const reached: (readonly [string, string | undefined])[] = [];
  const blocks = [...first.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block!);
  for (const line of blocks.join('').split('\n')) {
    const [command, ...words] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (command === 'unset') for (const name of words) delete env[name];
    if (command === 'export')
      for (const word of words) env[word.split('=')[0]!] = word.slice(word.indexOf('=') + 1);
    if (command !== 'servo-tui') continue;
    const chosen = chooseDatabase({}, env, readConfig('/etc/config.toml', {}), []);
    reached.push([words[0] ?? 'console', chosen?.database?.from]);
  }
  expect(Object.fromEntries(reached)).toMatchObject({
    start: 'SERVO_EMBEDDED',
    console: 'SERVO_EMBEDDED',
    migrate: 'DATABASE_URL',
  });
  // A role that migrate makes has no password, so no one can log in as it over the network.
  expect(first).toContain('\\password servo_app');
});
