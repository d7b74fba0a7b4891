import { useConsole } from '../model/use-console.tsx';
import { Line } from '../widgets/line.tsx';
import { PartsLine } from '../widgets/parts-line.tsx';
import { hintsLine, infoLine, noteLine } from './footer.ts';
import { bannerLine, countsLine, headerLine } from './header.ts';
import type { Columns } from './jobs/rows.ts';

export function Header() {
  return <PartsLine spans={headerLine(useConsole())} />;
}

export function Counts() {
  return <Line spans={countsLine(useConsole())} />;
}

export function Banner() {
  return <Line spans={bannerLine(useConsole())} />;
}

export function Info() {
  return <Line spans={infoLine(useConsole())} />;
}

export function Note({ columns = [] }: { columns?: Columns }) {
  return <PartsLine spans={noteLine(useConsole(), columns)} />;
}

export function Hints() {
  return <Line spans={hintsLine(useConsole())} />;
}
