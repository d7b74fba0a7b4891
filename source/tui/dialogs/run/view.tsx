import { Parts } from '../../widgets/parts/view.tsx';
import type { RunContents } from './lines.ts';

export function RunView({ parts, width }: RunContents) {
  return <Parts parts={parts} width={width} />;
}
