import { Lines } from '../../widgets/line.tsx';
import type { FinderContents } from './list.ts';

export function FinderView({ field, list }: FinderContents) {
  return <Lines lines={[field, ...list]} />;
}
