import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../source/package.ts';
import { toAscii } from '../../source/presentation/text/ascii.ts';

// Was `Triage ? Stuck` on the screen of a check.
test('every sign that the program draws has one in ASCII', () => {
  const drawn = ['console', 'domain', 'presentation'].flatMap((folder) =>
    readdirSync(join(packageRoot, 'source', folder), { recursive: true })
      .map((name) => join(packageRoot, 'source', folder, String(name)))
      .filter((path) => /\.tsx?$/.test(path))
      .flatMap((path) => {
        const code = readFileSync(path, 'utf8').replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*/g, '');
        return code.match(/[^\0-\x7f]/g) ?? [];
      }),
  );
  expect(drawn.length).toBeGreaterThan(100);
  const signs = [...new Set(drawn)];
  expect(signs.filter((sign) => toAscii(sign) === '?')).toEqual([]);
});
