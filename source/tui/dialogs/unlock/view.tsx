import { Parts } from '../../widgets/parts/view.tsx';
import type { UnlockContents } from './lines.ts';

export function UnlockView({ parts, width }: UnlockContents) {
  return <Parts parts={parts} width={width} />;
}
