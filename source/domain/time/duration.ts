const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

/** A century: longer durations lead to dates that JavaScript and PostgreSQL cannot hold. */
const longestMs = 36_525 * 86_400_000;

/**
 * Reads `250ms`, `30s`, `5m`, `1h30m`, `2d`, `1w` as milliseconds; null for anything else and above
 * a century.
 */
export function parseDuration(text: string): number | null {
  const trimmed = text.trim();
  if (!/^(\d+(\.\d+)?(ms|[smhdw]))+$/.test(trimmed)) return null;
  let total = 0;
  for (const [, figure, unit] of trimmed.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdw])/g)) {
    total += Number(figure) * units[unit!]!;
  }
  return total <= longestMs ? Math.round(total) : null;
}

export function writeDuration(milliseconds: number): string {
  let rest = Math.round(milliseconds);
  if (rest === 0) return '0s';
  const parts: string[] = [];
  for (const unit of ['d', 'h', 'm', 's', 'ms']) {
    const count = Math.floor(rest / units[unit]!);
    rest -= count * units[unit]!;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.join('');
}

/** The largest unit only, rounded down: `12m`, `3h`, `2d`. Under a second: `0s`. */
export function roughDuration(milliseconds: number): string {
  if (milliseconds > longestMs * 10) return '>999y';
  const unit = ['d', 'h', 'm', 's'].find((name) => milliseconds >= units[name]!) ?? 's';
  return `${Math.max(0, Math.floor(milliseconds / units[unit]!))}${unit}`;
}
