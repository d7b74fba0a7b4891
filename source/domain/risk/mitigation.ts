import type { RiskLevel } from './risk.ts';

type Mitigation = {
  title: string;
  steps: readonly string[];
  /** `JOB` stands for the job's id. */
  command: string | null;
};

export type LevelAdvice = {
  /** The heading in backfill-sla-at-risk.md; two levels without advice there use the nearest. */
  heading: string;
  meaning: string;
  options: readonly Mitigation[];
};

const tellStakeholders: Mitigation = {
  title: 'tell the stakeholders',
  steps: [
    'calculate the expected completion time',
    'notify stakeholders immediately',
    'document the situation and contributing factors',
    'prepare downstream impact mitigation',
  ],
  command: 'servo-tui export JOB',
};

const extendDeadline: Mitigation = {
  title: 'extend the deadline, if stakeholders agree',
  steps: ['agree on a later deadline', 'set it'],
  command: 'servo-tui set JOB --deadline T --reason R',
};

/** The runbook's mitigation procedures (backfill-sla-at-risk, "Mitigation Procedures"). */
export const mitigations: Readonly<Record<RiskLevel, LevelAdvice>> = {
  none: { heading: 'Preventive Measures', meaning: 'no deadline', options: [] },
  on_track: { heading: 'Preventive Measures', meaning: 'ends before its deadline', options: [] },
  low: {
    heading: 'For Low Risk Jobs',
    meaning: 'below 20 %: minor adjustments may help',
    options: [
      {
        title: 'monitor closely',
        steps: [
          'check its progress every 15 to 30 minutes',
          'be ready to escalate if risk increases',
        ],
        command: 'servo-tui status JOB --watch',
      },
      {
        title: 'reduce external load',
        steps: [
          'defer non-critical backfills',
          'reduce concurrent jobs that compete for resources',
        ],
        command: 'servo-tui risk JOB --pause OTHER',
      },
    ],
  },
  medium: {
    heading: 'For Medium Risk Jobs',
    meaning: '20 to 50 %: active intervention needed',
    options: [
      {
        title: 'optimize partition execution',
        steps: [
          'check external service health (APIs, databases)',
          'review recent changes to partition logic',
          'look for data anomalies in slow partitions',
        ],
        command: 'servo-tui status JOB',
      },
      {
        title: 'pause non-critical jobs',
        steps: ['pause jobs without a deadline, or with a later one'],
        command: 'servo-tui risk JOB --pause OTHER',
      },
      extendDeadline,
    ],
  },
  high: {
    heading: 'For High Risk Jobs',
    meaning: 'over 50 %: significant changes required, or accept the breach',
    options: [
      {
        title: 'recreate with higher priority',
        steps: ['cancel it and recreate the unfinished partitions with the highest priority'],
        command:
          'servo-tui recreate JOB --priority 10 --sla-deadline T --reason "SLA at risk - recreating with higher priority"',
      },
      {
        title: 'emergency resource scaling',
        steps: [
          'contact the platform team to scale executor instances',
          'temporarily reduce resource limits for other workloads',
          'enable burst capacity if available',
        ],
        command: 'servo-tui risk JOB --slots N',
      },
      tellStakeholders,
    ],
  },
  unknown: {
    heading: '3. Identify Bottlenecks',
    meaning: 'no ETA to compare: nothing has completed yet, or no executor reports',
    options: [
      {
        title: 'find out why it does not move',
        steps: [
          'is an executor alive that has a handler for it?',
          'does it wait for upstream jobs?',
          'have all its partitions failed so far?',
        ],
        command: 'servo-tui explain JOB',
      },
    ],
  },
  breached: {
    heading: 'For High Risk Jobs',
    meaning: 'the deadline has passed',
    options: [tellStakeholders, extendDeadline],
  },
};
