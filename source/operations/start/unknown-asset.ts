import { nearest } from '../../domain/text/nearest.ts';
import { ServoError } from '../../errors.ts';

/** An asset that the tenant does not have: the nearest one it has, and the first of all of them. */
export function unknownAsset(name: string, known: readonly string[]): ServoError {
  const near = nearest(name, known);
  const few = known.slice(0, 10).join(', ');
  const rest = known.length > 10 ? ` and ${known.length - 10} more` : '';
  const all =
    known.length === 0
      ? 'the tenant has no assets: a worker registers those of its handlers'
      : `known are ${few}${rest}`;
  return new ServoError('not_found', `unknown asset "${name}"`, {
    hint: near === null ? all : `did you mean ${near}? ${all}`,
  });
}
