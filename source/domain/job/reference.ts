/** Ids that a job reference can mean, `from` and `to` included. */
export type IdRange = { from: string; to: string };

export const shortestPrefix = 4;

/**
 * Reads a UUID or its first 4 or more hexadecimal digits (dashes optional, any case) as a range of
 * UUIDs: under row-level security a range uses the primary key's index, LIKE does not.
 * @returns a sentence if the reference is neither
 */
export function parseJobReference(reference: string): IdRange | { problem: string } {
  const digits = reference.trim().toLowerCase().replaceAll('-', '');
  if (!/^[0-9a-f]{1,32}$/.test(digits))
    return { problem: `"${reference}" is not a job id: expected a UUID or its first digits` };
  if (digits.length < shortestPrefix) {
    return {
      problem: `"${reference}" is too short for a job id: expected at least ${shortestPrefix} characters`,
    };
  }
  return rangeOf(digits);
}

export function rangeOf(digits: string): IdRange {
  return { from: dashed(digits.padEnd(32, '0')), to: dashed(digits.padEnd(32, 'f')) };
}

export function isWholeId(reference: string): boolean {
  return /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i.test(reference.trim());
}

export function shortId(id: string): string {
  return id.slice(0, 8);
}

function dashed(digits: string): string {
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    digits.slice(12, 16),
    digits.slice(16, 20),
    digits.slice(20),
  ].join('-');
}
