import type { Command } from './command.ts';
import { metricsFlags } from './metrics-flags.ts';

/** Commands for whoever runs the hosts. */
export const operatingCommands: readonly Command[] = [
  {
    name: 'exporter',
    usage: '--metrics-port P [--tenant A,B]',
    summary: 'metrics of whole tenants, also while no executor is alive',
    flags: metricsFlags,
    examples: [
      ['exporter --metrics-port 9464', '/metrics, /healthz and /readyz, until it is told to stop'],
      ['exporter --metrics-port 127.0.0.1:9464 --tenant acme,globex', 'the sums over two tenants'],
    ],
    needs: { database: true, tenants: 'many' },
    words: { least: 0, most: 0 },
    load: async () => (await import('./exporter.ts')).exporter,
  },
];
