import { Lines } from '../../widgets/line.tsx';
import { ProgressRow } from '../../widgets/ui-rows.tsx';
import type { RunContents } from './lines.ts';

export function RunView({ summary, done, all, items, width }: RunContents) {
  return (
    <>
      <Lines lines={summary} />
      {all !== null && <ProgressRow done={done} all={all} width={width} />}
      <Lines lines={items} />
    </>
  );
}
