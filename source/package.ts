import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const packageRoot = findRoot(dirname(fileURLToPath(import.meta.url)));

export const version: string = JSON.parse(
  readFileSync(join(packageRoot, 'package.json'), 'utf8'),
).version;

declare const SERVO_TUI_BUILD: string | undefined;

/** A hash of the build's inputs (scripts/build-id.js); null if the sources run unbuilt. */
export const buildId: string | null =
  typeof SERVO_TUI_BUILD === 'undefined' ? null : SERVO_TUI_BUILD;

function findRoot(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : findRoot(dirname(folder));
}
