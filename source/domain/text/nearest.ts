import { distance } from 'fastest-levenshtein';

/**
 * The candidate that `word` most likely stands for: at most two letters in five of the longer word
 * differ, or both have the same letters, or one is a prefix of the other. Null without one.
 */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  const wanted = word.toLowerCase();
  let best: { candidate: string; cost: number } | null = null;
  for (const candidate of candidates) {
    const known = candidate.toLowerCase();
    const cost = distance(wanted, known);
    const longer = Math.max(wanted.length, known.length);
    const near =
      cost <= Math.max(longer > 2 ? 1 : 0, Math.floor(longer * 0.4)) ||
      letters(wanted) === letters(known);
    const begins =
      Math.min(wanted.length, known.length) >= 3 &&
      (known.startsWith(wanted) || wanted.startsWith(known));
    if ((near || begins) && (best === null || cost < best.cost)) best = { candidate, cost };
  }
  return best?.candidate ?? null;
}

function letters(word: string): string {
  return [...word].sort().join('');
}
