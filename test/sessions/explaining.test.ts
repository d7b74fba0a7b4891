import { describe, expect, test } from 'vitest';
import type { CheckDefinition } from '../../source/domain/triage/checks.ts';
import type { DiagnosedJob } from '../../source/domain/triage/explanation.ts';
import { likelyCauses } from '../../source/domain/triage/failure-cause.ts';
import { explainFacts } from '../support/explained.ts';
import { aJob, now, secondsAgo } from '../support/jobs.ts';
import { Session } from './session.ts';

const stuck = aJob({ number: 1, asset_name: 'sessions', heartbeat_at: secondsAgo(840) });
const other = aJob({ number: 2, asset_name: 'clicks' });

const check: CheckDefinition = {
  name: 'stuck',
  title: 'Stuck: heartbeat stale > 2m',
  section: { runbook: 'backfill-operations', heading: 'Identify Stuck Jobs' },
  meaning: 'The executor crashed.',
  severity: 'critical',
  columns: [{ name: 'heartbeat_age_secs', title: 'heartbeat', kind: 'seconds' }],
  figure: 'heartbeat_age_secs',
  remedies: [],
};

const facts = explainFacts(stuck.id);

const diagnosed = (overrides: Partial<DiagnosedJob> = {}): DiagnosedJob => ({
  as_of: now,
  tenant_id: 'acme',
  clause: 'claimable',
  facts,
  findings: [
    {
      check,
      sql: '',
      rows: [
        {
          job_id: stuck.id,
          asset_name: 'sessions',
          state: 'running',
          version: 7,
          since: null,
          cells: { heartbeat_age_secs: 840 },
        },
      ],
    },
  ],
  scenario: 'stuck',
  evidence: null,
  causes: [],
  advice: null,
  recommendation: {
    action: 'reclaim',
    text: 'Force reclaim if needed.',
    command: 'servo-tui reclaim 00000001',
    ready: {
      action: 'reclaim',
      id: stuck.id,
      state: 'running',
      version: 7,
      parameters: {},
      reason: null,
    },
  },
  escalations: [],
  ...overrides,
});

const explaining = (what = diagnosed()) =>
  Session.showing([stuck, other])
    .press('e')
    .answer('explain-job', { type: 'explained', diagnosed: what });

const verification = (helped: boolean) => ({
  type: 'verified' as const,
  verification: {
    as_of: now,
    tenant_id: 'acme',
    job_id: stuck.id,
    state: 'running',
    version: 8,
    checks: [{ name: 'stuck' as const, title: check.title, holds: !helped, row: null }],
    helped,
  },
});

const mended = () => {
  const session = explaining().press('enter').read().press('tab', 'tab').press('y');
  session.answerAct({ result: 'applied', state: 'running', version: 8 });
  const fresh = aJob({ ...stuck, version: 8, heartbeat_at: now, running_slots: 1 });
  return session.wait(600).timer('watch').answerJob(fresh);
};

describe('explain', () => {
  test('says scenario, evidence, recommendation, in a text that can be copied', () => {
    const session = explaining();
    const { overlay } = session.state;
    if (overlay?.type !== 'reader') throw new Error('no text is open');
    for (const said of [check.title, 'heartbeat 14m', 'The executor crashed.', 'Force reclaim']) {
      expect(overlay.text).toContain(said);
    }
    expect(session.press('y').effects.filter(({ type }) => type === 'copy')).toHaveLength(1);
  });

  test('twenty failures of one kind hid what to do, and their likely cause was not told', () => {
    const column = { name: 'error_message', title: 'error', kind: 'text' } as const;
    const row = { ...diagnosed().findings[0]!.rows[0]!, cells: { error_message: 'HTTP 429' } };
    const rows = Array.from({ length: 20 }, () => row);
    const evidence = { columns: [column], rows, sql: '', truncated: true };
    const causes = likelyCauses(rows.map(({ cells }) => cells.error_message));
    const { overlay } = explaining(diagnosed({ evidence, causes })).state;
    if (overlay?.type !== 'reader') throw new Error('no text is open');
    expect(overlay.text.match(/HTTP 429/g)).toHaveLength(4);
    expect(overlay.text).toContain('… and at least 16 more');
    expect(overlay.text).toContain('Rate limiting from external systems (20 of these)');
  });

  test('has the recommended action ready: Enter opens its card, and writes nothing', () => {
    const session = explaining().press('enter');
    expect(session.card).toMatchObject({ name: 'reclaim', job: { id: stuck.id } });
    expect(session.acts).toEqual([]);
  });

  test('where nothing is recommended, Enter says so', () => {
    const session = explaining(diagnosed({ recommendation: null })).press('enter');
    expect(session.notice).toBe('no recommended action can be done from here');
  });

  test('a recommendation for one job is never opened on another', () => {
    const session = explaining(diagnosed({ facts: { ...facts, id: other.id } })).press('enter');
    expect(session.notice).toBe('the selected row is now another job');
  });

  test('an answer that comes when the text is closed is dropped', () => {
    const session = Session.showing([stuck]).press('e', 'escape');
    session.answer('explain-job', { type: 'explained', diagnosed: diagnosed() });
    expect(session.state.overlay).toBeNull();
  });
});

describe('after the recommended action it is verified whether it has helped', () => {
  test('it has: the check does not hold any more', () => {
    const session = mended();
    expect(session.asked('verify-job').map(({ effect }) => effect)).toEqual([
      { type: 'verify-job', id: stuck.id, checks: ['stuck'] },
    ]);
    session.answer('verify-job', verification(true));
    expect(session.notice).toBe(`reclaim has helped: "${check.title}" no longer holds`);
    expect(session.state.verifying).toBeNull();
  });

  test('not at once: it is checked again, and reported after the timeout', () => {
    const session = mended().answer('verify-job', verification(false));
    expect(session.state.verifying).not.toBeNull();
    expect(session.timersSet('verify')).toEqual([2000]);
    session.wait(30_000).timer('verify').answer('verify-job', verification(false));
    expect(session.notice).toBe(
      `reclaim has not helped: "${check.title}" still holds (e explains)`,
    );
  });

  test('a card that was closed without a word has nothing to verify', () => {
    const session = explaining().press('enter').read().press('escape');
    expect(session.state.verifying).toBeNull();
    expect(session.asked('verify-job')).toEqual([]);
  });

  test('neither has an action that came to nothing', () => {
    const session = explaining().press('enter').read().press('tab', 'tab').press('y');
    session.answerAct({ result: 'skipped', message: 'it is paused now' });
    expect(session.state.verifying).toBeNull();
    expect(session.asked('verify-job')).toEqual([]);
  });
});
