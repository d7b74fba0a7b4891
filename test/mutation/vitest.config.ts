import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import base from '../../vitest.config.ts';

type Project = { test: { name: string; include: string[]; exclude?: string[] } };

/** By project: the tests that can kill a mutant, among which Stryker takes those that reach it. */
const chosen: Record<string, { include?: string[]; exclude?: string[] }> = {
  // These read the source as a text, or build from it; a mutated source is another text.
  fast: { exclude: ['test/architecture/**', 'test/readme.test.ts'] },
  // The others run the program as a process of its own, which knows of no mutant.
  real: { include: ['test/operations/**/*.test.ts'] },
};

const projects = base.test?.projects as unknown as Project[];
const { test } = projects.find((it) => it.test.name === process.env.SERVO_MUTATION_PROJECT)!;
const { include = test.include, exclude = [] } = chosen[test.name]!;

/** A mutant's run ends with the first failure: the tests that take longest come last. */
const last = ['/test/sessions/', '/test/tui/', 'at-size', 'fuzz', 'app.test', 'prune', 'job-pages'];

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
    projects: [{ test: { ...test, include, exclude: [...exclude, 'node_modules/**'] } }],
  },
});
