import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Demand,
  nextTenant,
  owedOf,
  sharesOf,
} from '../../source/domain/executor/fair-share.ts';

const demands = fc
  .array(fc.record({ used: fc.nat(12), wanted: fc.nat(40), turn: fc.nat(1000) }), {
    minLength: 1,
    maxLength: 8,
  })
  .map((all): Demand[] => all.map((one, index) => ({ ...one, tenant: `t${index}` })));
const sum = (numbers: Iterable<number>) => [...numbers].reduce((a, b) => a + b, 0);

describe('A8: slots are shared over tenants first', () => {
  it.each<[number, [used: number, wanted: number, turn: number][], number[]]>([
    [
      10,
      [
        [10, 90, 0],
        [0, 3, 0],
      ],
      [7, 3],
    ], // prettier-ignore
    [
      10,
      [
        [10, 90, 0],
        [0, 30, 0],
      ],
      [5, 5],
    ], // prettier-ignore
    [
      10,
      [
        [10, 90, 0],
        [0, 0, 0],
      ],
      [10, 0],
    ], // prettier-ignore
    [
      1,
      [
        [1, 9, 5],
        [0, 9, 3],
      ],
      [0, 1],
    ], // prettier-ignore
    [
      1,
      [
        [1, 9, -1],
        [0, 9, 3],
      ],
      [1, 0],
    ], // prettier-ignore
    [
      4,
      [
        [0, 1, 0],
        [0, 9, 0],
        [4, 9, 1],
      ],
      [1, 2, 1],
    ], // prettier-ignore
    [0, [[0, 1, 0]], [0]],
  ])('%d slots, used, wanted and turn %j: %j', (slots, all, expected) => {
    const list = all.map(([used, wanted, turn], i) => ({ tenant: `t${i}`, used, wanted, turn }));
    expect([...sharesOf(slots, list).values()]).toEqual(expected);
  });

  it('no slot stays free while a tenant wants it, no tenant gets more than it has work for, and equal tenants get equal shares', () => {
    fc.assert(
      fc.property(fc.nat(40), demands, (slots, list) => {
        const shares = sharesOf(slots, list);
        const all = list.map((one) => ({ ...one, share: shares.get(one.tenant)! }));
        expect(sum(shares.values())).toBe(
          Math.min(slots, sum(all.map(({ used, wanted }) => used + wanted))),
        );
        for (const one of all) {
          expect(one.share).toBeLessThanOrEqual(one.used + one.wanted);
          // A tenant that would take more has as many as any other, but for an indivisible slot.
          if (one.share < one.used + one.wanted)
            for (const other of all) expect(other.share).toBeLessThanOrEqual(one.share + 1);
        }
      }),
    );
  });

  it('once every slot has reached a partition boundary, no tenant with work has less than its share', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        demands,
        fc.infiniteStream(fc.nat()),
        (slots, list, random) => {
          // As an executor that was full before the others came: no more is in use than there is.
          let free = slots;
          const state = list.map((one) => {
            const used = Math.min(one.used, free);
            free -= used;
            return { ...one, used };
          });
          const give = () => {
            for (; free > 0; free--) {
              const next = state.find(({ tenant }) => tenant === nextTenant(state));
              if (next === undefined) return;
              next.used++;
              next.wanted--;
            }
          };
          give();
          const owed = owedOf(slots, state);
          const busy = state.flatMap((one) => Array.from({ length: one.used }, () => one));
          while (busy.length > 0) {
            const [slot] = busy.splice(random.next().value! % busy.length, 1);
            if (owed.get(slot!.tenant) === 0) continue;
            owed.set(slot!.tenant, owed.get(slot!.tenant)! - 1);
            slot!.used--;
            slot!.wanted++;
            free++;
            give();
          }
          const working = state.filter(({ used, wanted }) => used + wanted > 0);
          const part = Math.floor(slots / working.length);
          for (const one of working)
            if (one.wanted > 0) expect(one.used).toBeGreaterThanOrEqual(part);
        },
      ),
    );
  });
});
