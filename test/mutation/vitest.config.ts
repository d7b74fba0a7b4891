import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import base from '../../vitest.config.ts';

type Tests = { include?: string[]; exclude?: string[]; isolate?: boolean };
type Project = { test: Tests & { name: string; include: string[] } };

/** By project: the tests that can kill a mutant, among which Stryker takes those that reach it. */
const chosen: Record<string, Tests> = {
  // These read the source as a text, or build from it; a mutated source is another text.
  // One worker loads the program once for all files; each mutant has a worker of its own.
  fast: { exclude: ['test/architecture/**', 'test/readme.test.ts'], isolate: false },
  // The others run the program as a process of its own, which knows of no mutant.
  real: {
    include: ['test/operations/**/*.test.ts', 'test/commands/{parse,triage,console-plans}.test.ts'],
  },
};

const projects = base.test?.projects as unknown as Project[];
const { test } = projects.find((it) => it.test.name === process.env.SERVO_MUTATION_PROJECT)!;
const { exclude = [], ...changed } = chosen[test.name]!;

/** Counting coverage makes the long ones slower; Stryker itself ends what hangs. */
const testTimeout = 240_000;

/** A mutant's run ends with the first failure: the tests that take longest come last. */
const last = [
  '/test/console/films/',
  '/test/sessions/',
  '/test/console/views/',
  'at-size',
  'fuzz',
  'app.test',
  'prune',
  'job-pages',
];

class QuickFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) =>
      last.findLastIndex((part) => moduleId.includes(part));
    return files.toSorted((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: QuickFirst },
    projects: [
      { test: { ...test, ...changed, testTimeout, exclude: [...exclude, 'node_modules/**'] } },
    ],
  },
});
