import type { Group } from './group.ts';

/** When each working job next runs out of partitions: a heap with one place for each job. */
export class Agenda {
  readonly #groups: Group[] = [];

  get first(): Group | undefined {
    return this.#groups[0];
  }

  /** Enters a job, or moves it to its new time; null takes it out. */
  set(group: Group, at: number | null): void {
    if (at === null) {
      this.#remove(group);
      return;
    }
    const earlier = group.agenda_place < 0 || at < group.ends;
    group.ends = at;
    if (group.agenda_place < 0) group.agenda_place = this.#groups.push(group) - 1;
    if (earlier) this.#rise(group);
    else this.#sink(group);
  }

  #remove(group: Group): void {
    const place = group.agenda_place;
    if (place < 0) return;
    group.agenda_place = -1;
    const last = this.#groups.pop()!;
    if (last === group) return;
    this.#put(last, place);
    this.#rise(last);
    this.#sink(last);
  }

  #rise(group: Group): void {
    let place = group.agenda_place;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const other = this.#groups[above]!;
      if (other.ends <= group.ends) break;
      this.#put(other, place);
      place = above;
    }
    this.#put(group, place);
  }

  #sink(group: Group): void {
    const groups = this.#groups;
    let place = group.agenda_place;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= groups.length) break;
      if (below + 1 < groups.length && groups[below + 1]!.ends < groups[below]!.ends) below += 1;
      if (groups[below]!.ends >= group.ends) break;
      this.#put(groups[below]!, place);
      place = below;
    }
    this.#put(group, place);
  }

  #put(group: Group, place: number): void {
    this.#groups[place] = group;
    group.agenda_place = place;
  }
}
