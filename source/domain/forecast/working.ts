import type { Group } from './group.ts';

/** The jobs that have slots, and the lowest level among them. */
export class Working implements Iterable<Group> {
  readonly #groups = new Set<Group>();
  readonly #atLevel: Int32Array;
  #lowest = -1;

  constructor(levels: number) {
    this.#atLevel = new Int32Array(levels);
  }

  /** The level that all others outrank; −1 if none works. */
  get lowest(): number {
    return this.#lowest;
  }

  [Symbol.iterator](): Iterator<Group> {
    return this.#groups.values();
  }

  add(group: Group): void {
    if (this.#groups.has(group)) return;
    this.#groups.add(group);
    this.#atLevel[group.level]! += 1;
    if (group.level > this.#lowest) this.#lowest = group.level;
  }

  delete(group: Group): void {
    if (!this.#groups.delete(group)) return;
    this.#atLevel[group.level]! -= 1;
    while (this.#lowest >= 0 && this.#atLevel[this.#lowest] === 0) this.#lowest -= 1;
  }
}
