import { nearest } from '../../domain/text/nearest.ts';
import { ServoError } from '../../errors.ts';

/**
 * Names the nearest asset, and the first ten.
 * @param written how a name is written in the command or filter
 */
export function unknownAsset(
  name: string,
  known: readonly string[],
  written = (one: string) => one,
): ServoError {
  const found = nearest(name, known);
  const near = found === null ? null : written(found);
  const few = known.slice(0, 10).map(written).join(', ');
  const rest = known.length > 10 ? ` and ${known.length - 10} more` : '';
  const all =
    known.length === 0
      ? 'the tenant has no assets: an executor registers those of its handlers'
      : `known assets: ${few}${rest}`;
  return new ServoError('not_found', `unknown asset "${name}"`, {
    hint: near === null ? all : `did you mean ${near}? ${all}`,
  });
}
