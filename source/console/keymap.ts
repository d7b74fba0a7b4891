import { actKeys } from './act-keys.ts';
import { lookKeys } from './look-keys.ts';
import { moveKeys } from './move-keys.ts';
import { programKeys } from './program-keys.ts';
import { riskKeys } from './risk-keys.ts';
import type { Binding } from './state.ts';

/** All keys. No row hides another (test/console/keymap.test.ts). */
export const keymap: readonly Binding[] = [
  ...moveKeys,
  ...lookKeys,
  ...riskKeys,
  ...actKeys,
  ...programKeys,
];
