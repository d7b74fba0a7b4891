import { expect, test } from 'vitest';
import {
  type PaletteEntry,
  paletteEntries,
} from '../../source/console/dialogs/finder/palette-entries.ts';
import { Session } from '../sessions/session.ts';
import { aJob } from '../support/jobs.ts';

const labels = {
  context: 'prod',
  database: 'app@db1:5432/warehouse',
  tenant: 'acme',
  embedded: false,
  rls_bypassed: true,
};
const options = {
  labels,
  contexts: ['prod', 'staging', 'mine'],
  leads: {
    prod: { database: 'app@db1:5432/warehouse', tenant: 'acme', read_only: false },
    staging: { database: 'app@db2:5432/warehouse', tenant: null, read_only: true },
    mine: { database: null, tenant: null, read_only: false },
  },
  tenants: ['globex'],
};
const open = (line: string) =>
  Session.showing([aJob({ number: 1 })], options)
    .press(':')
    .type(line);

function listed(session: Session, name: string): string[] {
  const { state } = session;
  if (state.overlay?.type !== 'palette') throw new Error('the palette is not open');
  return paletteEntries(state, state.overlay)
    .filter(({ label }: PaletteEntry) => label.startsWith(`${name} `) && !label.includes('NAME'))
    .map(({ label, title, reason }) => `${label}: ${reason ?? title}`);
}

test('the palette lists contexts with where they lead; the present one is marked', () => {
  expect(listed(open('context '), 'context')).toEqual([
    'context staging: app@db2:5432/warehouse, read-only',
    'context mine: read-write',
    'context prod: already there',
  ]);
});

test('the palette lists the tenants that the role can see, read once when they are asked for', () => {
  const session = open('tenant');
  expect(session.asked('load-tenants')).toEqual([]);
  session.type(' ');
  expect(listed(session, 'tenant')).toEqual([
    'tenant globex: app@db1:5432/warehouse, read-write',
    'tenant acme: already there',
  ]);
  // The chosen line stays chosen when more are listed.
  session.press('down').answer('load-tenants', {
    type: 'tenants',
    tenants: ['acme', 'globex', 'initech'],
  });
  expect(session.state.overlay).toMatchObject({ type: 'palette', cursor: 2 });
  expect(listed(session, 'tenant')).toEqual([
    'tenant globex: app@db1:5432/warehouse, read-write',
    'tenant initech: app@db1:5432/warehouse, read-write',
    'tenant acme: already there',
  ]);
  session.type('ini').press('backspace', 'escape', ':').type('tenant init');
  expect(session.asked('load-tenants')).toHaveLength(1);
  expect(session.press('down', 'enter').asked('open-context').at(-1)?.effect).toMatchObject({
    to: { tenant: 'initech' },
  });
});

test('where they cannot be read, the known ones are listed, without a notice', () => {
  const session = open('tenant ').fail('load-tenants', 'not_allowed');
  expect(listed(session, 'tenant')).toHaveLength(2);
  expect(session.notice).toBeUndefined();
  expect(session.type('g').asked('load-tenants')).toHaveLength(1);
});
