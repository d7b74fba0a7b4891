/** A binary heap: the item with the smallest key first. */
export class Heap<T> {
  readonly #items: T[] = [];
  readonly #keys: number[] = [];

  get first(): T | undefined {
    return this.#items[0];
  }

  get firstKey(): number | undefined {
    return this.#keys[0];
  }

  push(item: T, key: number): void {
    const items = this.#items;
    const keys = this.#keys;
    let at = items.length;
    items.push(item);
    keys.push(key);
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (keys[above]! <= key) break;
      items[at] = items[above]!;
      keys[at] = keys[above]!;
      at = above;
    }
    items[at] = item;
    keys[at] = key;
  }

  pop(): T | undefined {
    const items = this.#items;
    const keys = this.#keys;
    const first = items[0];
    const item = items.pop();
    const key = keys.pop();
    if (items.length === 0 || item === undefined || key === undefined) return first;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= items.length) break;
      if (below + 1 < items.length && keys[below + 1]! < keys[below]!) below += 1;
      if (keys[below]! >= key) break;
      items[at] = items[below]!;
      keys[at] = keys[below]!;
      at = below;
    }
    items[at] = item;
    keys[at] = key;
    return first;
  }
}
