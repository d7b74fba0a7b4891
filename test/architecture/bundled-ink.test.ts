import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { environment } from '../support/environment.ts';
import { screens } from './ink-screens.tsx';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'servo-ink-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The same screens from a program that is bundled with the options and plugins of ours. */
async function bundledScreens(texts: readonly string[], widths: readonly number[]) {
  const script = new URL('../../scripts/bundle.js', import.meta.url).href;
  const { bundling } = (await import(script)) as { bundling: BuildOptions };
  await build({
    ...bundling,
    stdin: {
      contents: `import { screens } from './ink-screens.tsx';
        const chunks = [];
        for await (const chunk of process.stdin) chunks.push(chunk);
        const { texts, widths } = JSON.parse(Buffer.concat(chunks));
        process.stdout.write(JSON.stringify(screens(texts, widths)));`,
      resolveDir: import.meta.dirname,
      sourcefile: 'screens.ts',
    },
    outdir: folder,
    entryNames: 'screens',
    outExtension: { '.js': '.mjs' },
    splitting: true,
  });
  const printed = execFileSync(process.execPath, [join(folder, 'screens.mjs')], {
    encoding: 'utf8',
    env: environment(),
    input: JSON.stringify({ texts, widths }),
    maxBuffer: 256 * 2 ** 20,
  });
  return JSON.parse(printed) as [string, string][];
}

const known = [
  'partition 2024-01-01 of orders_daily failed with a message that is too long for any column',
  '日本語のとても長い資産名はここで切り取られる',
  'deploy 👩‍👩‍👧‍👦 and 🇩🇪🇫🇷 and ❤️ and 1️⃣ of the émigré é̂̃ in हिन्दी and 각각',
  'tab\tand\nline\r\nbreak, \u200bzero and \ue000\uf8ff private',
  '\x1b[38;5;208mwith \x1b[1mescapes\x1b[0m of its own and \x1b]8;;https://a.example\x07a link\x1b]8;;\x07 in it',
  '',
];

/** Texts of pieces that a terminal, Unicode or Ink treats each in its own way. */
const drawn = fc.sample(
  fc
    .array(
      fc.oneof(
        { weight: 3, arbitrary: fc.string({ unit: 'grapheme-ascii', maxLength: 20 }) },
        fc.string({ unit: 'grapheme', maxLength: 6 }),
        fc.constantFrom(
          '👨‍👩‍👧',
          '🇩🇪',
          '漢字',
          'é',
          '❤️',
          '\x1b[31m',
          '\x1b[39m',
          '\x1b[0m',
          '\ue123',
        ),
      ),
      { maxLength: 6 },
    )
    .map((pieces) => pieces.join('')),
  12,
);

test('D: the bundle draws what Ink draws: cut off, hidden, bordered, coloured, wide', async () => {
  const texts = [...known, ...drawn];
  const widths = [7, 20];
  const own = screens(texts, widths);
  expect(await bundledScreens(texts, widths)).toEqual(own);
  // They are drawn, and not equal because neither is.
  expect(own.filter(([, screen]) => screen.startsWith('threw'))).toEqual([]);
  expect(
    own.find(([name]) => name.startsWith('"partition') && name.endsWith('in 20: truncate'))![1],
  ).toBe('partition 2024-01-0…');
});
