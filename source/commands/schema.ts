import { nearest } from '../domain/text/nearest.ts';
import { UsageError } from '../errors.ts';
import type { Invocation, Output } from './command.ts';
import { jsonSchemas } from './schemas.ts';

/** `servo-tui schema [COMMAND]`. */
export async function schema({ input }: Invocation): Promise<Output> {
  const all = jsonSchemas();
  const [name] = input;
  if (name === undefined) return documentOf(all);
  if (Object.hasOwn(all, name)) return documentOf(all[name]!);
  const near = nearest(name, Object.keys(all));
  const known = `known are ${Object.keys(all).join(', ')}`;
  const hint = near === null ? known : `did you mean ${near}? ${known}`;
  throw new UsageError([{ message: `there is no schema "${name}"`, hint }]);
}

function documentOf(json: object): Output {
  return { json, text: () => `${JSON.stringify(json, null, 2)}\n` };
}
