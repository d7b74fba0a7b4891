import { test } from 'vitest';
import { keymap } from '../../source/console/app/keymap.ts';
import { paletteCommands } from '../../source/console/app/palette-commands.ts';
import { helpEntries } from '../../source/console/dialogs/finder/help-entries.ts';
import { type JobScreen, type State, screenNames } from '../../source/console/model/state.ts';
import { escalationBar } from '../../source/console/screens/board/escalation-bar.ts';
import { riskBar } from '../../source/console/screens/board/risk-bar.ts';
import { tabsLine } from '../../source/console/screens/board/tabs.ts';
import { hintsLine, infoLine, noteLine } from '../../source/console/screens/footer.ts';
import { bannerLine, countsLine, headerLine } from '../../source/console/screens/header.ts';
import { factsOf as jobFacts, titleFacts } from '../../source/console/screens/job/facts.ts';
import { panelLines } from '../../source/console/screens/job/panels.ts';
import { trendLine, trendLines } from '../../source/console/screens/job/trend.ts';
import {
  dueAt,
  elapsed,
  idleTokenizer,
  type Token,
  tokenize,
} from '../../source/console/terminal/tokenizer.ts';
import type { Line } from '../../source/console/widgets/spans.ts';
import { Session } from '../sessions/session.ts';
import { briefly, changes, factsOf } from '../support/film.tsx';
import { boardsOfFleet, escalations, fleet, fullDetail } from '../support/fleet.ts';
import { jobVarieties } from '../support/job-varieties.ts';
import { aDetail } from '../support/jobs.ts';
import { eightBit, knownKeys, reports } from '../support/terminal-input.ts';
import { expectTexts, withTones } from '../support/texts.ts';

const opened = (job: (typeof fleet)[number], size = { columns: 110, rows: 20 }) =>
  Session.showing([job], { size }).press('enter');

test('the facts of a job of each kind, on its screen and in the pane', () =>
  expectTexts(
    'job-facts',
    [...jobVarieties].map(([name, job]) => {
      const { state } = opened(job).answer('load-job', { type: 'job', detail: aDetail(job) });
      const screen = state.job!;
      const lines = [...titleFacts(state, screen, 60), ...jobFacts(state, screen, true)];
      return `${name}: ${lines.map(withTones).join(' · ').replaceAll('{plain}', '')}`;
    }),
    'console',
  ));

/** The line of each width, where it says something else than on the width before. */
function courses(lineOf: (width: number) => Line | readonly Line[], from = 12, to = 130): string[] {
  const texts = Array.from({ length: to - from }, (_, index) => {
    const drawn = lineOf(from + index);
    const lines = (Array.isArray(drawn[0]) ? drawn : [drawn]) as readonly Line[];
    return lines
      .map((line) =>
        line
          .map(({ text }) => text)
          .join('')
          .replace(/\s+/g, ' '),
      )
      .join(' / ');
  });
  return texts.flatMap((text, index) =>
    text === texts[index - 1] ? [] : [`${String(from + index).padStart(3)} ${text}`],
  );
}

const labels = {
  context: null,
  database: 'warehouse',
  tenant: 'acme',
  embedded: true,
  rls_bypassed: true,
};
const table = (options = {}) => Session.showing([...fleet], options);
const at = (state: State) => (columns: number) => ({ ...state, size: { columns, rows: 24 } });
function frameLines(): Record<string, string[]> {
  const alerting = table({ labels }).answer('load-board', {
    type: 'board',
    board: 'alerts',
    data: boardsOfFleet.alerts,
  });
  const failing = table()
    .wait(1000)
    .timer('refresh')
    .fail('load-jobs', 'database_unreachable', 'is it running?');
  const marked = table()
    .press('space', 'j', 'space', '/')
    .type('state:running')
    .press('enter')
    .answerFrom([...fleet]);
  const risky = table()
    .press('4')
    .answerBoard('risk', boardsOfFleet.risk)
    .press(']', '}', ')', 'P', 'T');
  const triage = table()
    .press('3')
    .answerBoard('triage', { ...boardsOfFleet.triage, escalations } as never);
  const job = opened(fleet[0]!).answer('load-job', { type: 'job', detail: fullDetail(fleet[0]!) });
  const read = job.state.job as JobScreen;

  return {
    header: courses((width) => headerLine(at(alerting.state)(width)), 30),
    'header, read-only': courses(
      (width) => headerLine(at(table({ read_only: true }).state)(width)),
      30,
      90,
    ),
    banner: courses((width) => bannerLine(at(failing.state)(width)), 45, 75),
    counts: courses((width) => countsLine(at(table().state)(width)), 112),
    info: courses((width) => infoLine(at(marked.state)(width)), 20, 80),
    note: courses((width) => noteLine(at(table().state)(width), []), 60),
    hints: courses((width) => hintsLine(at(table().state)(width))),
    'hints of a job': courses((width) => hintsLine(at(job.state)(width))),
    'hints of the risk': courses((width) => hintsLine(at(risky.state)(width))),
    tabs: courses((width) => tabsLine(at(triage.state)(width)), 12, 90),
    escalations: courses((width) => escalationBar(triage.state, width), 70, 100),
    'what if': courses((width) => riskBar(at(risky.state)(width), []), 120, 130),
    trend: courses((width) => trendLine(read, width), 8, 70),
    'trend beside the map': courses((width) => trendLines(read, width), 60, 70),
    panels: courses(
      (columns) => panelLines({ ...job.state, size: { columns, rows: 24 } }, read, 1),
      60,
      110,
    ),
  };
}

test('each line of the frame on every width', () =>
  expectTexts(
    'line-widths',
    Object.entries(frameLines()).flatMap(([name, rows]) => [`# ${name}`, ...rows, '']),
    'console',
  ));

test('every key and command does nothing where there is nothing', () => {
  const empty = new Session({ contexts: [] }).state;
  const outcome = (state: State, [next, effects]: ReturnType<(typeof keymap)[number]['run']>) =>
    [...changes(factsOf(state), factsOf(next)), ...effects.map((one) => `!${briefly(one)}`)].join(
      '  ',
    );
  const lines = screenNames.flatMap((screen) => {
    const state = { ...empty, screen };
    return keymap
      .filter(({ on }) => on.includes(screen))
      .map(({ keys, title, disabled, run }) => {
        const why = disabled?.(state) ?? null;
        return `${keys[0]} ${title}${why === null ? '' : ` (${why})`}: ${outcome(state, run(state))}`;
      });
  });
  const commands = paletteCommands.map(
    (command) =>
      `:${command.name} (${command.refusal(empty, '')}): ${outcome(empty, command.run(empty, ''))} ${briefly(command.candidates(empty))}`,
  );
  const help = helpEntries(empty, { type: 'help', text: 'up', caret: 2, cursor: 0 });
  return expectTexts(
    'on-nothing',
    [
      ...new Set(lines),
      ...commands,
      ...help.map(({ binding, reason }) => `help, up: ${binding.title} ${reason}`),
    ],
    'console',
  );
});

test('every sequence of a terminal: its tokens, and what is waited for inside of it', () => {
  const said = (tokens: readonly Token[]) => tokens.map((token) => JSON.stringify(token)).join('');
  const inputs = [
    ...knownKeys.map(([bytes]) => Buffer.from(bytes)),
    ...reports.map((text) => Buffer.from(text)),
    ...eightBit.map((bytes) => Buffer.from(bytes)),
    ...[
      'é',
      '売',
      '😀',
      'a\x1b',
      '\x1b\x03',
      '\x1b[200~a\x1b[Ab\x1b[201~c',
      '\x1b]x\x1bq',
      '\x1b[1\nx',
    ].map((text) => Buffer.from(text)),
  ];
  const lines = inputs.map((bytes) => {
    const [, whole] = tokenize(idleTokenizer, bytes, 0);
    // Of the bytes so far: when the rest is given up, and what they are then.
    const parts = Array.from(bytes.subarray(0, -1), (_, index) => {
      const [waiting, tokens] = tokenize(idleTokenizer, bytes.subarray(0, index + 1), 0);
      const due = dueAt(waiting);
      return due === null ? said(tokens) : `${due}${said(elapsed(waiting, due)[1])}`;
    });
    return `${`${bytes.toString('latin1')}`.replace(
      /[^\x20-\x7e]/g,
      (one) => `\\x${one.charCodeAt(0).toString(16).padStart(2, '0')}`,
    )}: ${said(whole)} ← ${parts.join(' ')}`;
  });
  return expectTexts('terminal-sequences', lines, 'console');
});
