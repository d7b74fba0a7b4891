import { nearest } from '../domain/text/nearest.ts';
import { safeText } from '../presentation/text/safe-text.ts';
import { isReadOnly } from './access.ts';
import { isHome, lock, switchTo, whyNoSwitch } from './place.ts';
import type { PaletteCommand } from './state.ts';
import { noUnlock, openUnlock } from './unlock.ts';

export const contextCommands: readonly PaletteCommand[] = [
  {
    name: 'tenant',
    argument: 'NAME',
    title: 'switch to another tenant of this database',
    candidates: ({ tenants, options }) =>
      tenants
        .filter((tenant) => tenant !== options.labels.tenant)
        .map((tenant) => ({ value: tenant, title: '' })),
    refusal: (state, argument) => {
      if (argument === '') return 'type the name of a tenant';
      return argument === state.options.labels.tenant ? 'already there' : whyNoSwitch(state);
    },
    run: (state, argument) => switchTo(state, { tenant: argument }),
  },
  {
    name: 'context',
    argument: 'NAME',
    title: 'switch to another context of config.toml',
    candidates: ({ options }) =>
      (options.contexts ?? [])
        .filter((context) => context !== options.labels.context)
        .map((context) => ({ value: context, title: '' })),
    refusal: (state, argument) => {
      const known = state.options.contexts ?? [];
      if (argument === state.options.labels.context) return 'already there';
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
    refusal: (state) => (isHome(state) ? 'already there' : whyNoSwitch(state)),
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
