import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

/** Builds the bundle if an input is newer. Throws if the build fails. */
export function buildBundle(): void {
  const bundle = join(root, 'dist', 'cli.js');
  const made = existsSync(bundle) ? statSync(bundle).mtimeMs : 0;
  const sources = ['bin', 'migrations', 'scripts', 'source'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  const others = ['package.json', 'package-lock.json'].map((file) => join(root, file));
  if ([...sources, ...others].some((file) => statSync(file).mtimeMs >= made)) {
    execFileSync(process.execPath, ['scripts/build.js'], { cwd: root, stdio: 'inherit' });
  }
}
