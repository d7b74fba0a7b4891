#!/usr/bin/env node
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { root } from './bundle.js';

/**
 * Mutation tests: `npm run mutate -- --seed 7 --mutants 300` changes the program in one place at a
 * time and counts how often a test fails. `--file source/domain/forecast/eta.ts` (or a folder)
 * looks there only, `--all` draws nothing. Exits with 1 if fewer than 85 % are killed.
 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    mutants: { type: 'string', default: '300' },
    file: { type: 'string', default: 'source/' },
    all: { type: 'boolean', default: false },
  },
});
const count = values.all ? Number.POSITIVE_INFINITY : Number(values.mutants);
if (!(count > 0)) throw new Error(`--mutants expects a number above 0, not ${values.mutants}`);
process.chdir(root);

const home = 'test/mutation';
const reports = `${home}/reports`;
// Not a dependency of the project: 60 MB that only this script needs.
if (!existsSync(`${home}/node_modules`)) {
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts'];
  // vitest is the project's own.
  execFileSync('npm', ['ci', '--prefix', home, '--legacy-peer-deps', ...quiet], {
    stdio: 'inherit',
  });
}
const { draw, folders, keyOf, mutantsOf, textAt } = await import(`../${home}/mutants.js`);

const everything = await mutantsOf(values.file);
if (everything.length === 0) throw new Error(`--file ${values.file}: no source with mutants there`);
const drawn = draw(everything, values.seed, count);
process.stdout.write(`seed ${values.seed}, ${drawn.length} of ${everything.length} mutants\n`);

mkdirSync(reports, { recursive: true });
const outcomes = new Map();
runStryker(
  'fast',
  drawn.filter(({ folder }) => folders[folder].includes('fast')),
);
// Survivors of the fast tests go to the tests with a database, which hold much of the domain.
runStryker(
  'real',
  drawn.filter(({ key }) => !['Killed', 'Timeout'].includes(outcomes.get(key))),
);

/** Runs the mutants against the tests of one project, and notes what became of each. */
function runStryker(project, mutants) {
  if (mutants.length === 0) return;
  const name = `${root}${reports}/${project}-${process.pid}`;
  const wanted = new Set(mutants.map(({ key }) => key));
  const files = [...new Set(mutants.map(({ fileName }) => fileName))];
  writeFileSync(`${name}-drawn.json`, JSON.stringify([...wanted]));
  writeFileSync(`${name}-config.json`, JSON.stringify(configuration(files, `${name}.json`)));
  const stryker = `${home}/node_modules/@stryker-mutator/core/bin/stryker.js`;
  const { status } = spawnSync(process.execPath, [stryker, 'run', `${name}-config.json`], {
    stdio: 'inherit',
    env: {
      ...process.env,
      SERVO_DRAWN_MUTANTS: `${name}-drawn.json`,
      SERVO_MUTATION_PROJECT: project,
    },
  });
  if (status !== 0) throw new Error(`Stryker ended with ${status}`);
  const report = JSON.parse(readFileSync(`${name}.json`, 'utf8'));
  for (const [fileName, file] of Object.entries(report.files)) {
    for (const mutant of file.mutants) {
      const { start, end } = mutant.location;
      const location = { start: fromOne(start), end: fromOne(end) };
      const key = keyOf({ ...mutant, fileName, location });
      if (!wanted.has(key)) continue;
      const reached = outcomes.get(key) === 'Survived' && mutant.status === 'NoCoverage';
      outcomes.set(key, reached ? 'Survived' : mutant.status);
    }
  }
}

/** A report counts lines and columns from 1, Stryker's own programs from 0. */
function fromOne({ line, column }) {
  return { line: line - 1, column: column - 1 };
}

function configuration(mutate, fileName) {
  return {
    mutate,
    testRunner: 'vitest',
    vitest: { configFile: `${home}/vitest.config.ts` },
    plugins: ['@stryker-mutator/vitest-runner', `${root}${home}/drawn-only.js`],
    checkers: ['drawn-only'],
    coverageAnalysis: 'perTest',
    concurrency: 1,
    // A mutant that hangs is killed; one that is slow on a busy machine must not be.
    timeoutFactor: 4,
    timeoutMS: 20_000,
    dryRunTimeoutMinutes: 30,
    // Types are not checked: a mutant that does not compile is run like the others.
    disableTypeChecks: false,
    // Stryker would read it with TypeScript's old programming interface, which 7.0 has not.
    tsconfigFile: 'none',
    ignorePatterns: [reports, 'dist'],
    reporters: ['json', 'progress-append-only'],
    jsonReporter: { fileName },
    allowEmpty: true,
  };
}

/** Killed and timed out, in percent. Mutants that break the run itself do not count. */
function score(counts) {
  const killed = counts.Killed + counts.Timeout;
  return (100 * killed) / (killed + counts.Survived + counts.NoCoverage);
}

const kinds = ['Killed', 'Timeout', 'Survived', 'NoCoverage', 'RuntimeError'];
const rows = Object.keys(folders)
  .filter((folder) => drawn.some((it) => it.folder === folder))
  .map((folder) => {
    const counts = Object.fromEntries(kinds.map((kind) => [kind, 0]));
    for (const it of drawn) if (it.folder === folder) counts[outcomes.get(it.key)] += 1;
    const size = everything.filter((it) => it.folder === folder).length;
    return { folder, size, ...counts, score: score(counts) };
  });
// Each folder has the weight of all its mutants, not of those that were drawn.
const weight = rows.reduce((sum, { size }) => sum + size, 0);
const whole = rows.reduce((sum, row) => sum + (row.size / weight) * row.score, 0);

for (const mutant of drawn) {
  const outcome = outcomes.get(mutant.key);
  if (outcome === 'Killed') continue;
  const { fileName, location, mutatorName, replacement } = mutant;
  const text = textAt(readFileSync(fileName, 'utf8'), location);
  process.stdout.write(
    `\n${outcome}: ${fileName}:${location.start.line + 1}:${location.start.column + 1} ${mutatorName}\n` +
      `${text.replaceAll(/^/gm, '- ')}\n${replacement.replaceAll(/^/gm, '+ ')}\n`,
  );
}
console.table(rows.map((row) => ({ ...row, score: row.score.toFixed(1) })));
process.stdout.write(`seed ${values.seed}: ${whole.toFixed(1)} % killed, weighted by folder\n`);
process.exit(whole >= 85 ? 0 : 1);
