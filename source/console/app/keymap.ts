import type { Binding } from '../model/state.ts';
import { riskKeys } from '../screens/risk/keys.ts';
import { actKeys } from './keys/act.ts';
import { lookKeys } from './keys/look.ts';
import { moveKeys } from './keys/move.ts';
import { programKeys } from './keys/program.ts';

/** All keys. No row hides another (test/console/keymap.test.ts). */
export const keymap: readonly Binding[] = [
  ...moveKeys,
  ...lookKeys,
  ...riskKeys,
  ...actKeys,
  ...programKeys,
];
