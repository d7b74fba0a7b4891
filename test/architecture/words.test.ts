import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

// The glossary of docs/internals.md, held: the words that it retires occur nowhere, in any spelling of an identifier.
const root = resolve(import.meta.dirname, '../..');

/** What is not ours to word: quotations, generated pages, history; and the list of this file. */
const exempt =
  /^docs\/runbooks\/|^docs\/internals\.md$|^CHANGELOG\.md$|^test\/architecture\/words\.test\.ts$/;

/** Names of the platform's. */
const foreign = /allSettled|['`]nobody['`]|u:nobody:|postgres nor nobody/g;

const places = ['README.md', 'CONTRIBUTING.md', 'source', 'migrations', 'docs', 'deploy', 'test'];
const files = places.flatMap((name) =>
  /\./.test(name)
    ? [name]
    : readdirSync(join(root, name), { recursive: true, encoding: 'utf8' })
        .map((file) => `${name}/${file.replaceAll('\\', '/')}`)
        .filter((file) => /\.\w+$/.test(file) && !exempt.test(file))
        // What benchmarks and mutation tests install and write.
        .filter((file) => !/\/node_modules\/|\/mutation\/reports\//.test(file)),
);

type Retired = { word: string; found: RegExp; use: string };

/** Whole words; in identifiers too, where an underscore or a capital ends a word. */
const word = (text: string) =>
  new RegExp(
    `(?<![A-Za-z])(?:${text}|${capital(text)})(?![a-z])|(?<=[a-z_])(?:${capital(text)})(?![a-z])`,
    'g',
  );
const capital = (text: string) =>
  text.replace(/(^|\|)([a-z])/g, (_, bar: string, first: string) => bar + first.toUpperCase());

const retired: readonly Retired[] = [
  { word: 'lane', found: word('lane|lanes'), use: 'slot, lease queue, running partitions' },
  { word: 'crew', found: word('crew'), use: 'executors' },
  { word: 'at work', found: /\bat work\b/g, use: 'running' },
  { word: 'by itself', found: /\bby (itself|themselves)\b/gi, use: 'auto-…, separately' },
  { word: 'patience', found: word('patience'), use: 'timeout' },
  { word: 'nobody', found: word('nobody'), use: 'no one: name who' },
  { word: 'whoever', found: word('whoever'), use: 'name who' },
  { word: 'reckon', found: word('reckon|reckons|reckoned|reckoning'), use: 'compute, count' },
  { word: 'anew', found: word('anew'), use: 'again' },
  { word: 'befell', found: word('befell|befallen'), use: 'happened to' },
  { word: 'hand-over', found: /\bhand-?overs?\b/gi, use: 'hand-off' },
  { word: 'paper', found: word('paper|papers'), use: 'report' },
  {
    word: 'judge',
    found: word('judge|judges|judged|judging'),
    use: 'declare dead, check, explain',
  },
  { word: 'settle', found: word('settle|settles|settled|settling'), use: 'finalize' },
  {
    word: 'suppose',
    found: word('suppose|supposes|supposed|supposing|supposition|suppositions'),
    use: 'what-if',
  },
  { word: 'trial', found: word('trial'), use: 'what-if' },
  { word: 'wants a', found: /\bwants (a|an|the) /g, use: 'missing …, needs …' },
  { word: 'not called so', found: /\bis not called so\b/g, use: 'not found' },
  {
    word: 'handed back',
    found: /\b(handed|given|gives|giving|gave|hands)[-_ ]back\b/gi,
    use: 'released',
  },
  { word: 'not heard of', found: /\bnot heard (of|from)\b/g, use: 'silent' },
  { word: 'hushed', found: word('hush|hushed'), use: 'silent' },
  { word: 'beat', found: word('beat|beats'), use: 'heartbeat' },
  { word: 'shift summary', found: /\bshift ?summary\b/gi, use: 'hand-off' },
  { word: 'base writer', found: /\bbase[- ](writer|executor)s?\b/gi, use: 'external writer' },
  { word: 'decide again', found: /\bdecide again\b/g, use: 'reload and try again' },
  {
    word: 'lives',
    found: /\b(executors?|jobs?|process|it|one) (lives?|living)\b|\bliving (job|executor)s?\b/gi,
    use: 'alive, running, unfinished',
  },
];

test('a retired word is found in prose and in identifiers', () => {
  const lane = word('lane|lanes');
  const hits = (text: string) => text.match(lane)?.length ?? 0;
  expect(['a lane.', 'Lanes', 'openLanes', 'lane_token', 'const laneOf'].map(hits)).toEqual([
    1, 1, 1, 1, 1,
  ]);
  expect(['planes', 'airplane', 'miscellaneous'].map(hits)).toEqual([0, 0, 0]);
});

test('no row of the glossary retires its own word', () => {
  const text = readFileSync(join(root, 'docs/internals.md'), 'utf8');
  const [, table = ''] = /\n## Words\n[\s\S]*?\n\|---[^\n]*\n([\s\S]*?)\n\n/.exec(text) ?? [];
  const rows = table.split('\n').map((row) => row.split('|').map((cell) => cell.trim()));
  expect(rows.length).toBeGreaterThan(30);
  const wrong = rows.filter(([, use = '', , avoid = '']) =>
    avoid.split(/[,;] /).some((one) => use.split(/[,;] /).includes(one)),
  );
  expect(wrong).toEqual([]);
});

describe('no file says', () => {
  const texts = files.map(
    (file) => [file, readFileSync(join(root, file), 'utf8').replace(foreign, '')] as const,
  );
  test.each(retired)('$word (use: $use)', ({ found }) => {
    const places = texts.flatMap(([file, text]) =>
      text
        .split('\n')
        .flatMap((line, index) =>
          line.match(found) ? [`${file}:${index + 1}: ${line.trim()}`] : [],
        ),
    );
    expect(places).toEqual([]);
  });
});
