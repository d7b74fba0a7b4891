import type { ConnectionSettings } from '../../source/database/settings.ts';
import { Registry } from '../../source/executor/duties/registry.ts';
import { scaleTimings } from '../../source/executor/settings.ts';
import { silentLog } from '../../source/observability/log.ts';
import { noMeter } from '../../source/observability/meter.ts';
import { tenant } from './backfill.ts';

/** The registration of an executor without handlers. */
export function aRegistry(settings: ConnectionSettings, slots = 1): Registry {
  return new Registry({
    settings,
    registration: {
      id: 'a:1:b',
      tenants: [tenant],
      host: 'a',
      pid: 1,
      version: '0',
      slots,
      catalogue: '00000000',
      handlers: () => [],
      outages: () => [],
    },
    timings: scaleTimings(50),
    log: silentLog,
    meter: noMeter,
  });
}
