import { z } from 'zod';

/** The shapes that a command publishes, by name. Fields are added, never renamed or forbidden. */
export type JsonShapes = Readonly<Record<string, z.ZodType>>;

/** What a command may print: a value that fits one of its shapes, before conversion to JSON. */
export type Printed<Shapes extends JsonShapes> = DeepReadonly<z.output<Shapes[keyof Shapes]>>;

type DeepReadonly<T> = T extends Date
  ? T
  : T extends readonly (infer One)[]
    ? readonly DeepReadonly<One>[]
    : T extends object
      ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
      : T;

export const timeText = z
  .union([
    z.iso.datetime(),
    z.string().regex(/^[+-]\d{6}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/),
    z.enum(['infinity', '-infinity']),
  ])
  .describe(
    'RFC 3339, UTC; beyond the years 0 to 9999 ISO 8601 with a sign and six digits; infinity and -infinity as the database has them',
  );

/** A Date in the program, text in JSON. */
export const time = timeText as unknown as z.ZodType<Date>;
export const nullableTime = time.nullable();
export const count = z.int().min(0);
/** A number as stored: an external writer may have written a negative one. */
export const figure = z.int();

export const envelope = { as_of: time, tenant_id: z.string() };

export const visible = z
  .boolean()
  .describe('false: no job, asset or executor of the tenant was seen, so that nothing is known');
