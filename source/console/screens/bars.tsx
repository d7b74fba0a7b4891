import { useConsole } from '../model/use-console.tsx';
import { Line } from '../widgets/line.tsx';
import { PartsLine } from '../widgets/parts-line.tsx';
import { hintsLine, infoLine, noteLine } from './footer.ts';
import { bannerLine, countsLine, headerLine } from './header.ts';
import type { Columns } from './jobs/rows.ts';

/** Context, mode and warnings, as badges where they must not be overlooked. */
export function Header() {
  return <PartsLine spans={headerLine(useConsole())} />;
}

/** How many jobs are in each state. */
export function Counts() {
  return <Line spans={countsLine(useConsole())} />;
}

/** Why the data are old; blank while they are not. */
export function Banner() {
  return <Line spans={bannerLine(useConsole())} />;
}

/** How many jobs are shown, and the filter. */
export function Info() {
  return <Line spans={infoLine(useConsole())} />;
}

/** The last action or notice, else what the selected row has no column for. */
export function Note({ columns = [] }: { columns?: Columns }) {
  return <PartsLine spans={noteLine(useConsole(), columns)} />;
}

/** The keys. */
export function Hints() {
  return <Line spans={hintsLine(useConsole())} />;
}
