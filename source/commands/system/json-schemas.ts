import { z } from 'zod';
import type { Command } from '../../app/command.ts';
import type { JsonShapes } from '../../app/json-shapes.ts';
import type { Table } from '../../cli/spec.ts';
import { error } from './error-json.ts';

/** JSON Schema (2020-12) by command; `error` is what stderr carries. */
export async function jsonSchemas(table: Table<Command>): Promise<Record<string, object>> {
  const commands = [table.console, table.worker, ...table.named];
  const loaded = await Promise.all(
    commands.map(async ({ json }) => (await json?.())?.shapes ?? {}),
  );
  const shapes: JsonShapes = Object.assign({}, ...loaded, { error });
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, z.toJSONSchema(shape)]),
  );
}
