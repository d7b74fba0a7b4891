import { expect, test } from 'vitest';
import { lightOf } from '../../../../source/console/terminal/background.ts';

test.each([
  ['\x1b]11;rgb:ffff/ffff/ffff\x1b\\', true],
  ['\x1b]11;rgb:fdfd/f6f6/e3e3\x07', true],
  ['\x1b]11;rgb:ff/ff/ff\x07', true],
  ['\x1b]11;rgba:FFFF/FFFF/FFFF/FFFF\x07', true],
  ['\x1b]11;rgb:0000/0000/0000\x07', false],
  ['\x1b]11;rgb:0000/2b2b/3636\x1b\\', false],
  ['\x1b]11;rgb:1/2/3\x07', false],
  ['\x1b]10;rgb:ff/ff/ff\x07', null],
  ['\x1b]11;rgb:\x07', null],
  ['11;rgb:ffff/ffff/ffff', null],
])('%j: light %s', (sequence, light) => expect(lightOf(sequence)).toBe(light));
