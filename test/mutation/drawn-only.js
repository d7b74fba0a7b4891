import { readFileSync } from 'node:fs';
import { declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import { keyOf } from './mutants.js';

/**
 * A checker of Stryker's, which is how it lets a mutant be left out: only those that were drawn are
 * tested. The others come out as compile errors, and the report leaves them out.
 */
class DrawnOnly {
  async init() {
    this.drawn = new Set(JSON.parse(readFileSync(process.env.SERVO_DRAWN_MUTANTS, 'utf8')));
  }

  async group(mutants) {
    return [mutants.map(({ id }) => id)];
  }

  async check(mutants) {
    const verdict = (mutant) =>
      this.drawn.has(keyOf(mutant))
        ? { status: 'passed' }
        : { status: 'compileError', reason: 'not drawn' };
    return Object.fromEntries(mutants.map((mutant) => [mutant.id, verdict(mutant)]));
  }
}

export const strykerPlugins = [declareClassPlugin(PluginKind.Checker, 'drawn-only', DrawnOnly)];
