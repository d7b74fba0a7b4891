import { expect, it } from 'vitest';
import { actorName } from '../../source/presentation/report/actor-name.ts';

it.each([
  ['mara@oncall', 'eve', 'mara@oncall (login eve)'],
  ['mara@oncall', 'mara', 'mara@oncall'],
  ['mara (psql)', 'mara', 'mara (psql)'],
  ['mara', 'mara', 'mara'],
  ['mara@oncall', 'servo_app', 'mara@oncall'],
  ['web-1:812:ab12', 'acme_worker', 'web-1:812'],
  ['\u001b[31mmara', 'eve\u202e', expect.stringMatching(/^[ -~\u2400-\u24ff\ufffd�]*$/)],
])('C15: %j by the login %j is shown as %j', (actor, login, shown) => {
  expect(actorName({ actor, login })).toEqual(shown);
});
