import { nearest } from '../../domain/text/nearest.ts';
import { safeText } from '../../presentation/text/safe-text.ts';
import { isHome, lock, switchTo, whyNoSwitch } from '../background/place.ts';
import { noUnlock, openUnlock } from '../dialogs/unlock/state.ts';
import { isReadOnly } from '../model/access.ts';
import { ask } from '../model/asking.ts';
import type { ContextLead } from '../model/effects.ts';
import type { PaletteCommand } from '../model/state.ts';

const present = 'already there';

export const contextCommands: readonly PaletteCommand[] = [
  {
    name: 'tenant',
    argument: 'NAME',
    title: 'switch to another tenant of this database',
    load: (state) =>
      state.tenants_read ? [state, []] : ask(state, 'tenants', { type: 'load-tenants' }),
    candidates: ({ tenants, options: { labels, read_only } }) =>
      presentLast(tenants, labels.tenant).map((tenant) => ({
        value: tenant,
        title: leadText({ database: labels.database, tenant: null, read_only }),
      })),
    refusal: (state, argument) => {
      if (argument === '') return 'type the name of a tenant';
      return argument === state.options.labels.tenant ? present : whyNoSwitch(state);
    },
    run: (state, argument) => switchTo(state, { tenant: argument }),
  },
  {
    name: 'context',
    argument: 'NAME',
    title: 'switch to another context of config.toml',
    candidates: ({ options }) =>
      presentLast(options.contexts ?? [], options.labels.context).map((context) => ({
        value: context,
        title: leadText(options.leads?.[context]),
      })),
    refusal: (state, argument) => {
      const known = state.options.contexts ?? [];
      if (argument === state.options.labels.context) return present;
      if (known.includes(argument)) return whyNoSwitch(state);
      if (known.length === 0) return 'config.toml has no contexts';
      const near = nearest(argument, known);
      const advice =
        near === null ? `the contexts are ${known.join(', ')}` : `did you mean ${near}?`;
      return `no context "${safeText(argument)}": ${safeText(advice)}`;
    },
    run: (state, argument) => switchTo(state, { context: argument }),
  },
  {
    name: 'home',
    argument: null,
    title: 'return to the database and tenant the console was started with',
    candidates: () => [],
    refusal: (state) => (isHome(state) ? present : whyNoSwitch(state)),
    run: (state) => switchTo(state, { home: true }),
  },
  {
    name: 'rw',
    argument: null,
    title: 'unlock a read-only context for ten minutes',
    candidates: () => [],
    refusal: noUnlock,
    run: openUnlock,
  },
  {
    name: 'ro',
    argument: null,
    title: 'make an unlocked context read-only again',
    candidates: () => [],
    refusal: (state) => {
      if (!state.options.read_only) return 'this context is not read-only';
      return isReadOnly(state) ? 'already read-only' : null;
    },
    run: lock,
  },
];

function presentLast(names: readonly string[], here: string | null): string[] {
  const others = names.filter((name) => name !== here);
  return here !== null && names.includes(here) ? [...others, here] : others;
}

/** `app@db1:5432/warehouse / acme, read-only`. */
function leadText(lead: ContextLead | undefined): string {
  if (lead === undefined) return '';
  const { database, tenant, read_only } = lead;
  const place = [database, tenant].filter((name) => name !== null).join(' / ');
  return safeText(`${place === '' ? '' : `${place}, `}${read_only ? 'read-only' : 'read-write'}`);
}
