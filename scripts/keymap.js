// Prints the console's keymap as Markdown; --write puts it between the marks in docs/keys.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { root } from './bundle.js';

const contents =
  "import { keymapTable } from './source/console/app/keymap-table.ts'; export default keymapTable();";
const { outputFiles } = await build({
  stdin: { contents, resolveDir: root },
  bundle: true,
  platform: 'node',
  format: 'esm',
  write: false,
});
const [{ text }] = outputFiles;
const { default: table } = await import(
  `data:text/javascript;base64,${Buffer.from(text).toString('base64')}`
);

if (process.argv.includes('--write')) {
  const page = `${root}docs/keys.md`;
  const marked = /(<!-- keymap -->\n)[\s\S]*?(<!-- \/keymap -->)/;
  const written = readFileSync(page, 'utf8');
  writeFileSync(
    page,
    written.replace(marked, (_, open, close) => `${open}\n${table}\n${close}`),
  );
} else process.stdout.write(table);
