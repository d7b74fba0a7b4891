/** For parts of the state, which never change: one frame asks for the same rows several times. */
export function oncePer<K extends object, V>(make: (object: K) => V): (object: K) => V {
  const known = new WeakMap<K, { value: V }>();
  return (object) => {
    const found = known.get(object) ?? { value: make(object) };
    known.set(object, found);
    return found.value;
  };
}
