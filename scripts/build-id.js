import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Folders whose content decides the build id. */
export const buildInputs = ['bin', 'migrations', 'scripts', 'source'];
const files = ['package.json', 'package-lock.json'];

/** Twelve hex digits over all inputs of a build: equal sources have the same id on every host. */
export function buildId(root) {
  const hash = createHash('sha256');
  for (const path of inputsOf(root)) {
    const text = readFileSync(join(root, path));
    hash.update(`${path}\0${text.length}\0`).update(text);
  }
  return hash.digest('hex').slice(0, 12);
}

/** Sorted paths below `root`. */
function inputsOf(root) {
  const found = buildInputs.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(join(root, '/').length)),
  );
  return [...found, ...files].sort();
}
