import { nearest } from '../domain/text/nearest.ts';
import { parseDuration, writeDuration } from '../domain/time/duration.ts';
import {
  type ThresholdName,
  type Thresholds,
  thresholdDefaults,
  thresholdNames,
  thresholdUnit,
} from '../domain/triage/thresholds.ts';
import type { Problem } from '../errors.ts';
import type { Variables } from './variables.ts';

/** `heartbeat_stale` → SERVO_HEARTBEAT_STALE. */
function thresholdVariable(name: ThresholdName): string {
  return `SERVO_${name.toUpperCase()}`;
}

/**
 * The runbooks' thresholds, overridden in this order: the file's [thresholds], the context's
 * ([prod.thresholds]), SERVO_* variables. They do not choose a database, so variables count for a
 * context too.
 */
export function resolveThresholds(
  sections: readonly (Partial<Thresholds> | undefined)[],
  env: Variables,
  problems: Problem[],
): Thresholds {
  const fromEnv: Partial<Thresholds> = {};
  for (const name of thresholdNames) {
    const variable = thresholdVariable(name);
    const text = env[variable];
    if (!text) continue;
    const value = readThreshold(name, text);
    if (value === null) problems.push(invalidThreshold(variable, name, text));
    else fromEnv[name] = value;
  }
  return Object.assign({}, thresholdDefaults, ...sections, fromEnv);
}

export function readThresholds(
  table: Record<string, unknown>,
  where: string,
  problems: Problem[],
): Partial<Thresholds> {
  const read: Partial<Thresholds> = {};
  for (const [name, written] of Object.entries(table)) {
    if (!(thresholdNames as readonly string[]).includes(name)) {
      const near = nearest(name, thresholdNames);
      const hint =
        near === null ? `known thresholds: ${thresholdNames.join(', ')}` : `did you mean ${near}?`;
      problems.push({ message: `unknown threshold "${name}" in ${where}`, hint });
      continue;
    }
    const value = readThreshold(name as ThresholdName, written);
    if (value === null) {
      problems.push(invalidThreshold(name, name as ThresholdName, String(written), ` in ${where}`));
    } else read[name as ThresholdName] = value;
  }
  return read;
}

/** A duration as `90s` or `2m`, a rate as `20%` or 0.2, a count as 10; null for anything else. */
function readThreshold(name: ThresholdName, written: unknown): number | null {
  const text = String(written).trim();
  const unit = thresholdUnit(name);
  if (unit === 'duration') {
    if (text === '0') return 0;
    return typeof written === 'string' ? parseDuration(text) : null;
  }
  if (unit === 'count') return /^\d{1,9}$/.test(text) ? Number(text) : null;
  const [, figure, percent] = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(text) ?? [];
  if (figure === undefined) return null;
  const rate = percent === '%' ? Number(figure) / 100 : Number(figure);
  return rate <= 1 ? rate : null;
}

const examples: Readonly<Record<ReturnType<typeof thresholdUnit>, (value: number) => string>> = {
  duration: (value) => `a duration, e.g. ${writeDuration(value)}`,
  rate: (value) => `a rate, e.g. ${value} or ${value * 100}%`,
  count: (value) => `a whole number, e.g. ${value}`,
};

function invalidThreshold(what: string, name: ThresholdName, text: string, where = ''): Problem {
  const expected = examples[thresholdUnit(name)](thresholdDefaults[name]);
  return { message: `invalid ${what} "${text}"${where}: expected ${expected}` };
}
