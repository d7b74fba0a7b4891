import { Lines } from '../../widgets/line.tsx';
import type { ReaderContents } from './lines.ts';

export function ReaderView({ lines }: ReaderContents) {
  return <Lines lines={lines} />;
}
