import type { ScreenName } from './state.ts';

/** In the order of their keys. Findings of one check are opened from the triage. */
export const screens: readonly { name: ScreenName; key: string; title: string }[] = [
  { name: 'jobs', key: '1', title: 'Jobs' },
  { name: 'job', key: '2', title: 'Job' },
  { name: 'triage', key: '3', title: 'Triage' },
  { name: 'risk', key: '4', title: 'Risk' },
  { name: 'executors', key: '5', title: 'Executors' },
  { name: 'alerts', key: '6', title: 'Alerts' },
  { name: 'events', key: '7', title: 'Events' },
];
