import { test } from 'vitest';
import type { BoardName } from '../../../source/console/model/boards.ts';
import { Session } from '../../sessions/session.ts';
import { expectFilms, Film, resize, sized } from '../../support/film.tsx';
import { boardsOfFleet, escalations, fleet } from '../../support/fleet.ts';

const table = (columns: number, rows: number, options = {}) =>
  Session.showing(fleet.slice(0, 4), { ...options, ...sized(columns, rows) });
const board = (name: BoardName, key: string, columns = 110, rows = 22, options = {}) =>
  table(columns, rows, options).press(key).answerBoard(name, boardsOfFleet[name]);

test('the boards: every row and its details', () =>
  expectFilms('boards', {
    triage: new Film(board('triage', '3'))
      .shot('opened')
      .press('j', 'G', 'g', 's', 'escape', 'E', 'y', 'Y', '!', 'enter')
      .after('the check is read', (session) => session.answerBoard('check', boardsOfFleet.check))
      .press('j', 'j', 's', 'y', 'escape', 'y', 'Y', 'enter', 'escape', 'escape', 'escape'),
    'triage with escalations': new Film(
      table(110, 20)
        .press('3')
        .answerBoard('triage', { ...boardsOfFleet.triage, escalations } as never),
    )
      .shot('opened')
      .press('E', 'down', 'y', 'escape'),
    executors: new Film(board('executors', '5'))
      .shot('opened')
      .press('j', 'j', 'y', 'k', 'k', 'enter', 'escape', 'e', 'escape'),
    alerts: new Film(board('alerts', '6')).shot('opened').press('j', 'j', 'y', 'k', 'k', 'enter'),
    events: new Film(board('events', '7')).shot('opened').press('k', 'g', 'y', 'Y', 'enter'),
    'a filter': new Film(board('events', '7', 100, 14))
      .shot('opened')
      .press('/')
      .after('typed', (session) => session.type('pausd'))
      .press('backspace', 'up', 'enter', '/', 'escape', 'escape', 'escape'),
    'not read yet': new Film(table(80, 14).press('3'))
      .shot('triage')
      .press('enter', 's', 'E', 'p', 'y', '4', 'P', ')', '6', 'm')
      .after('a failure', (session) => session.fail('load-board', 'permission_denied' as never)),
    'a reading later': new Film(board('alerts', '6', 100, 16).press('j'))
      .shot('alerts')
      .after('after 4 seconds', (session) => session.wait(4000).timer('refresh'))
      .after('after 5 seconds', (session) => session.wait(1000).timer('refresh'))
      .after('fewer', (session) =>
        session.answerBoard('alerts', { ...boardsOfFleet.alerts, alerts: [] }),
      )
      .after('no answer', (session) =>
        session.wait(6000).timer('refresh').wait(3500).timer('clock'),
      ),
  }));

test('the board of risk, and its what-ifs', () =>
  expectFilms('risk', {
    'what if': new Film(board('risk', '4', 120, 24))
      .shot('opened')
      .press(']', ']', '[', '}', '{', '{', ')', '(', '(', 'P', 'P', 'T', 'j', 'j', 'T', 'P', '/')
      .after('typed', (session) => session.type('clicks'))
      .press('enter', 'escape', '0', '0', ']', 'a', '0', 'a'),
    applied: new Film(board('risk', '4', 110, 22).press('j', '}', ')', 'j', 'P'))
      .shot('two jobs')
      .press('a')
      .after('it is planned', (session) => session.answerPlan([fleet[3]!, fleet[1]!]))
      .press('escape'),
    'applied to one': new Film(board('risk', '4', 110, 22).press('P'))
      .shot('one job')
      .press('a')
      .press('escape'),
  }));

test('the boards at other sizes', () =>
  expectFilms(
    'board-sizes',
    Object.fromEntries(
      (
        [
          ['triage', '3'],
          ['risk', '4'],
          ['executors', '5'],
          ['alerts', '6'],
          ['events', '7'],
        ] as const
      ).map(([name, key]) => [
        name,
        new Film(board(name, key, 80, 20))
          .shot('80×20')
          .after('170×14', resize(170, 14))
          .after('60×9', resize(60, 9))
          .after('45×5', resize(45, 5)),
      ]),
    ),
  ));
