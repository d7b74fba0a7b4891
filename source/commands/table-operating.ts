import type { Command } from '../cli/command.ts';
import { metricsFlags } from './system/metrics-flags.ts';

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
    // The lease by which one process of several reports a tenant.
    writes: true,
    words: { least: 0, most: 0 },
    service: true,
    load: async () => (await import('./system/exporter.ts')).exporter,
  },
  {
    name: 'prune',
    usage: '[--older-than 90d] [--dry-run]',
    summary: 'delete ended jobs with their journal, and old samples, outputs and dead executors',
    flags: [
      { name: 'older-than', value: 'D', help: 'jobs that ended longer ago (default 90d)' },
      { name: 'dry-run', help: 'only say what it would take away' },
    ],
    examples: [
      ['prune --dry-run', 'what is there to take away'],
      ['prune --older-than 30d --yes', 'from a timer'],
    ],
    needs: { database: true, tenants: 'one' },
    writes: (flags) => !flags.has('dry-run'),
    words: { least: 0, most: 0 },
    load: async () => (await import('./system/prune.ts')).prune,
  },
  {
    name: 'completion',
    usage: 'bash|zsh|fish',
    summary: 'what makes the Tab key know commands, flags, job ids and assets',
    flags: [],
    examples: [
      ['completion bash', 'in ~/.bashrc: source <(servo-tui completion bash)'],
      ['completion fish > ~/.config/fish/completions/servo-tui.fish', ''],
    ],
    needs: { database: false, tenants: 'none' },
    writes: false,
    words: { least: 1, most: 1 },
    load: async () => (await import('./system/completion.ts')).completion,
  },
];
