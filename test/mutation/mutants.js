import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createInstrumenter } from '@stryker-mutator/instrumenter';
import { createInjector } from 'typed-inject';

/** What is measured, by folder, and the vitest projects whose tests are to kill the mutants there. */
export const folders = {
  domain: ['fast', 'real'],
  console: ['fast', 'real'],
  presentation: ['fast', 'real'],
  operations: ['real'],
};

/**
 * What a mutant is known by in a list, a checker's process and a report.
 * @param {{ fileName: string, location: object, mutatorName: string, replacement: string }} mutant
 */
export const keyOf = ({ fileName, location: { start, end }, mutatorName, replacement }) =>
  [
    fileName.slice(fileName.lastIndexOf('source/')),
    `${start.line}:${start.column}-${end.line}:${end.column}`,
    mutatorName,
    replacement,
  ].join(' ');

/** The instrumenter asks for a log of its own shape: this one says nothing. */
const silent = new Proxy({}, { get: (_, name) => () => !String(name).startsWith('is') });

/** Each mutant of the files as {key, folder, fileName, location, mutatorName, replacement}. */
export async function mutantsOf(prefix) {
  const files = Object.keys(folders)
    .flatMap((folder) =>
      readdirSync(`source/${folder}`, { recursive: true }).map(
        (file) => `source/${folder}/${file}`,
      ),
    )
    .filter((file) => file.endsWith('.ts') && file.startsWith(prefix))
    .sort();
  const instrumenter = createInjector()
    .provideValue('logger', silent)
    .injectFunction(createInstrumenter);
  const lists = [];
  for (const name of files) {
    const content = readFileSync(name, 'utf8');
    const { mutants } = await instrumenter.instrument([{ name, mutate: true, content }], {
      plugins: null,
      excludedMutations: [],
      ignorers: [],
    });
    const kept = mutants.filter((mutant) => !isProse(mutant, content));
    lists.push(kept.map((it) => ({ ...it, key: keyOf(it), folder: name.split('/')[1] })));
  }
  return lists.flat();
}

/**
 * The rule for texts: a literal with white space in it is a sentence, a title or a statement of SQL,
 * which no test has to repeat. Literals of one word (states, kinds, names, keys) are mutated.
 */
function isProse({ mutatorName, location }, content) {
  return mutatorName === 'StringLiteral' && /\s/.test(textAt(content, location));
}

/** The text of a file at a location, of which lines and columns count from 0. */
export function textAt(content, { start, end }) {
  const lines = content.split('\n').slice(start.line, end.line + 1);
  lines[lines.length - 1] = lines.at(-1).slice(0, end.column);
  lines[0] = lines[0].slice(start.column);
  return lines.join('\n');
}

/**
 * A draw without replacement, the same for the same seed and the same source: equally many of each
 * folder, all of a folder that has fewer.
 */
export function draw(mutants, seed, count) {
  const rank = ({ key }) => createHash('sha256').update(`${seed} ${key}`).digest('hex');
  const ranked = mutants.map((it) => ({ it, rank: rank(it) }));
  ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1));
  const present = [...new Set(mutants.map(({ folder }) => folder))];
  return present.flatMap((folder) =>
    ranked
      .map(({ it }) => it)
      .filter((it) => it.folder === folder)
      .slice(0, Math.ceil(count / present.length)),
  );
}
