import { readFile } from 'node:fs/promises';

/**
 * Segments without Intl.Segmenter, which loads ICU, for what Ink is given to draw: ASCII, escapes, and one character of private use
 * for each line (source/tui/stand-ins.ts).
 */
const segmenter = `{
  segment(text) {
    if (!/^[\\x1b\\x20-\\x7e\\ue000-\\uf8ff]*$/.test(text)) return (this.made ??= new Intl.Segmenter()).segment(text);
    return Array.from(text, (segment, index) => ({ segment, index }));
  },
}`;

/** Code of dependencies that never runs here, and what it costs at every start (measured, Node 20). */
const edits = [
  {
    // 16 ms: meow finds and normalises package.json unless it is handed one, as we do …
    file: /meow\/build\/options\.js$/,
    change: (code) =>
      code.replace(
        /^import \{ a as readPackageUpSync, n as normalizePackageData \} from '\.\/dependencies\.js';$/m,
        'const readPackageUpSync = () => undefined, normalizePackageData = () => {};',
      ),
  },
  {
    // … and ships with what it needs for that already bundled: marked as pure, it is shaken off.
    file: /meow\/build\/dependencies\.js$/,
    change: (code) =>
      code.replace(
        /^(var|const) ([\w$]+) = (?:\/\*@__PURE__\*\/)?((?:require[A-Z]|getDefaultExport)[\w$]*\(.*\);)$/gm,
        '$1 $2 = /*@__PURE__*/ $3',
      ),
  },
  {
    // 6 ms: pg asks whether it runs at Cloudflare by making a Response, which loads Node's HTTP client.
    file: /pg\/lib\/stream\.js$/,
    change: (code) =>
      code.replace(
        'function isCloudflareRuntime() {',
        'function isCloudflareRuntime() { return false;',
      ),
  },
  {
    // 12 ms: whoever measures text for Ink makes a segmenter when it is loaded …
    file: /(string-width\/index|slice-ansi\/tokenize-ansi|ansi-tokenize\/build\/tokenize)\.js$/,
    change: (code) => code.replace(/new Intl\.Segmenter\([^)]*\)/, () => segmenter),
  },
];

/** Another version of them is bundled as it is, and the build says so: slower, not wrong. */
export const slimDependencies = {
  name: 'slim-dependencies',
  setup(build) {
    for (const { file, change } of edits) {
      build.onLoad({ filter: file }, async ({ path }) => {
        const code = await readFile(path, 'utf8');
        const contents = change(code);
        const text = `${path} is not as slim-dependencies knows it`;
        return { contents, loader: 'js', warnings: contents === code ? [{ text }] : [] };
      });
    }
  },
};
