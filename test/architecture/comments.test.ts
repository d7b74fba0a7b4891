import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
/** A link or a table is not broken. */
const whole = /https?:\/\/\S+$/;
const widest = 100;

const comment: Readonly<Record<string, RegExp>> = {
  ts: /^\s*(\/\/|\/\*|\*)|\s\/\/ /,
  tsx: /^\s*(\/\/|\/\*|\*)|\s\/\/ /,
  js: /^\s*(\/\/|\/\*|\*)|\s\/\/ /,
  sql: /^\s*--|\s-- /,
};

test.each(['source', 'migrations', 'scripts'])(
  'no comment in %s is wider than 100 columns',
  (folder) => {
    const wide = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).flatMap(
      (name) => {
        const mark = comment[name.slice(name.lastIndexOf('.') + 1)];
        if (mark === undefined) return [];
        return readFileSync(join(root, folder, name), 'utf8')
          .split('\n')
          .flatMap((line, index) =>
            line.length > widest && mark.test(line) && !whole.test(line)
              ? [`${folder}/${name}:${index + 1}`]
              : [],
          );
      },
    );
    expect(wide).toEqual([]);
  },
);
