import { expect, test } from 'vitest';
import { hasUnicode } from '../../source/cli/io.ts';

test.each([
  [{}, true],
  [{ LANG: '' }, true],
  [{ LANG: 'de_DE.UTF-8' }, true],
  [{ LANG: 'C.utf8' }, true],
  [{ LANG: 'en_US' }, true],
  [{ LANG: 'C' }, false],
  [{ LANG: 'POSIX' }, false],
  [{ LANG: 'de_DE.ISO-8859-1' }, false],
  [{ LANG: 'de_DE.ISO-8859-15@euro' }, false],
  [{ LANG: 'C', LC_ALL: 'en_US.UTF-8' }, true],
  [{ LANG: 'en_US.UTF-8', LC_CTYPE: 'C' }, false],
  [{ LANG: 'en_US.UTF-8', LC_CTYPE: 'C', LC_ALL: 'C.UTF-8' }, true],
])('%j: more than ASCII %s', (env, expected) => expect(hasUnicode({ env })).toBe(expected));
