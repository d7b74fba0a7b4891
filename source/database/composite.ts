type Value = string | number | null;

/** Values of one composite type, in its order, as the text that PostgreSQL reads. */
export function composite(values: readonly Value[]): string {
  return `(${values.map(field).join(',')})`;
}

export function composites(rows: readonly (readonly Value[])[]): string {
  return `{${rows.map((row) => quoted(composite(row))).join(',')}}`;
}

/** Quoted only where needed: a batch carries five hundred rows, mostly of plain words. */
function field(value: Value): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  return /^[\w-]+$/.test(value) ? value : quoted(value);
}

function quoted(text: string): string {
  return /["\\]/.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : `"${text}"`;
}
