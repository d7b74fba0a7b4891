import { Parts } from '../../widgets/parts/view.tsx';
import type { CardContents } from './lines.ts';

export function CardView({ parts, width }: CardContents) {
  return <Parts parts={parts} width={width} />;
}
