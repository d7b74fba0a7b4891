import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noteLine } from '../../source/console/screens/footer.ts';
import { bannerLine } from '../../source/console/screens/header.ts';
import type { Line } from '../../source/console/widgets/spans.ts';
import { explainFailure } from '../../source/database/failure.ts';
import { cutMessage } from '../../source/presentation/text/fitted.ts';
import { widthOf } from '../../source/presentation/text/width.ts';
import { jobPicture } from '../support/job-picture.tsx';
import { aJob, secondsAgo } from '../support/jobs.ts';
import { Session } from './session.ts';

const size = { columns: 80, rows: 24 };
const textOf = (line: Line) => line.map(({ text }) => text).join('');
const running = aJob({ number: 1, failed_partitions: 3 });

const settings = {
  host: 'warehouse-primary.internal.example.com',
  port: 5432,
  user: 'servo_app',
  database: 'warehouse',
} as Parameters<typeof explainFailure>[1];

/** Every way of losing a database, as the console sees it. */
const losses = [
  ...['28P01', '28000', '3D000', '53300', '57P03', '25006', '42501', '42P01', '53100', '22P05'],
  ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ...['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'ECONNRESET'],
].map((code) => {
  const cause = Object.assign(new Error(`connect ${code} 10.20.30.40:5432 ${'x'.repeat(20)}`), {
    code,
  });
  return explainFailure(cause, settings) as Error & { code: string; hint?: string };
});

/** Other one-line texts that end with what to do. */
const notices = [
  `there is no job 3f2a9c1e in this place, nor one whose id begins so ${'–'.repeat(20)} — see: servo-tui list`,
  `${'a_very_long_asset_name_'.repeat(5)} is on the screen no more: Esc closes (R shows it)`,
  `refused: the job has changed since it was read: changed by another operator, reload and try again; see: servo-tui events 3f2a9c1e`,
  `no answer, outcome unknown. ${'x'.repeat(60)} (is the server up, and may this host reach it?)`,
  `${'x'.repeat(90)} see: servo-tui explain 3f2a9c1e`,
];

/** The end of a text: a key, a command, the last of a hint. */
const endOf = (text: string) => text.split(' ').slice(-2).join(' ');

describe('what is said last on one line is not what is cut off, at 80 columns', () => {
  it('the banner of a lost database', () => {
    expect(losses.filter(({ hint }) => hint !== undefined).length).toBeGreaterThan(12);
    for (const { message, hint } of losses) {
      const session = Session.showing([running], { size }).timer('refresh');
      session.answer('load-jobs', {
        type: 'failure',
        failure: { code: 'database_unreachable', message, ...(hint && { hint }) },
      });
      const text = textOf(bannerLine(session.state));
      expect(widthOf(text)).toBeLessThanOrEqual(79);
      expect(text).toMatch(/^ data is/);
      if (hint !== undefined) expect(text, message).toContain(endOf(hint));
    }
  });

  it('remarks, what became of actions, and why a job does not go on', () => {
    const session = Session.showing([running], { size });
    for (const text of notices) {
      for (const tone of ['plain', 'warn', 'bad'] as const) {
        const line = textOf(noteLine({ ...session.state, notice: { text, tone } }, []));
        expect(widthOf(line)).toBeLessThanOrEqual(79);
        expect(line.endsWith(endOf(text)), line).toBe(true);
      }
    }
    const failed = aJob({
      state: 'failed',
      running_slots: 0,
      failed_partitions: 3,
      completed_at: secondsAgo(60),
      error_message: `3 of 100 partitions failed: ${'x'.repeat(90)}`,
    });
    const opened = Session.showing([failed], { size }).press('enter').answerJob(failed);
    const picture = jobPicture(opened.state, opened.state.job!);
    expect(picture.body.map(textOf).join('\n')).toContain(
      `retry: servo-tui retry ${failed.id.slice(0, 8)}`,
    );
  });

  it('whatever the text: as wide as allowed, and with its last part where that has room', () => {
    const part = fc.stringMatching(/^[a-z ]{1,40}$/);
    fc.assert(
      fc.property(part, part, fc.integer({ min: 1, max: 120 }), (head, tail, width) => {
        for (const between of [' — see: servo-tui ', '; ', ' (']) {
          const text = `${head}${between}${tail}`;
          const shown = cutMessage(text, width);
          expect(widthOf(shown)).toBeLessThanOrEqual(width);
          if (widthOf(`${between}${tail}`) <= width - 10) expect(shown.endsWith(tail)).toBe(true);
        }
      }),
    );
  });
});
