import { Lines } from '../../widgets/line.tsx';
import { AlertRows, BulletRows } from '../../widgets/ui-rows.tsx';
import type { CardContents } from './lines.ts';

export function CardView(props: CardContents) {
  const { seen, changed, details, refusals, questions, why, buttons, width } = props;
  return (
    <>
      <Lines lines={seen} />
      {changed && <AlertRows variant="error" text={changed} width={width} />}
      <Lines lines={details} />
      {refusals.length > 0 && <BulletRows items={refusals} />}
      <Lines lines={questions} />
      {why && <AlertRows variant="warning" text={why} width={width} />}
      <Lines lines={buttons} />
    </>
  );
}
