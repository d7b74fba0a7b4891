import { Lines } from '../../widgets/line.tsx';
import { AlertRows } from '../../widgets/ui-rows.tsx';
import type { UnlockContents } from './lines.ts';

export function UnlockView({ text, why, buttons, width }: UnlockContents) {
  return (
    <>
      <Lines lines={text} />
      {why && <AlertRows variant="warning" text={why} width={width} />}
      <Lines lines={buttons} />
    </>
  );
}
