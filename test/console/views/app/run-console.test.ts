import { EventEmitter } from 'node:events';
import { openSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import type { ReadStream, WriteStream } from 'node:tty';
import { expect, test, vi } from 'vitest';
import type { Program, ProgramOptions } from '../../../../source/console/app/program.tsx';
import { type LoadProgram, runConsole } from '../../../../source/console/app/run-console.ts';
import type { DataEffect } from '../../../../source/console/model/effects.ts';
import type { State } from '../../../../source/console/model/state.ts';
import { labels } from '../../../support/console-options.ts';
import { now } from '../../../support/jobs.ts';
import { MemoryDatabase, variedJobs } from '../../../support/memory-database.ts';

/** A console on a stub terminal, with Ink as the test loads it. */
function aConsole(load: LoadProgram) {
  const database = new MemoryDatabase(variedJobs(now), () => now);
  const asked: DataEffect['type'][] = [];
  const written: string[] = [];
  const stdin = new PassThrough() as unknown as ReadStream;
  const stdout = Object.assign(new EventEmitter(), {
    columns: 80,
    rows: 24,
    fd: openSync('/dev/null', 'w'),
    write: (data: string) => written.push(data) > 0,
  }) as unknown as WriteStream;
  const run = () =>
    runConsole(
      {
        perform: (effect) => {
          asked.push(effect.type);
          return database.perform(effect);
        },
        labels,
        read_only: false,
        light: false,
        stdin,
        stdout,
      },
      load,
    );
  const resize = (columns: number) => {
    stdout.columns = columns;
    stdout.emit('resize');
  };
  const press = (key: string) => stdin.emit('data', Buffer.from(key));
  return { run, database, asked, written, resize, press, hangUp: () => stdin.emit('end') };
}

/** In the place of Ink: the states that it was to draw. */
function aProgram() {
  const drawn: State[] = [];
  const close = vi.fn();
  const openProgram = ({ shown }: ProgramOptions): Program => ({
    draw: () => void drawn.push(shown.getSnapshot()),
    close,
  });
  return { drawn, close, module: { openProgram } };
}

/** Ink that is loaded when the test says so. */
function lateInk(module: Awaited<ReturnType<LoadProgram>>) {
  let loaded: () => void = () => {};
  const ink = new Promise<typeof module>((resolve) => {
    loaded = () => resolve(module);
  });
  return { load: () => ink, loaded };
}

test('the jobs are on the screen before Ink is loaded, which is asked for only then', async () => {
  const { drawn, close, module } = aProgram();
  const ink = lateInk(module);
  const load = vi.fn(ink.load);
  const { run, asked, written, hangUp } = aConsole(load);
  const ended = run();
  expect(asked).toContain('load-jobs');
  expect(load).not.toHaveBeenCalled();
  await vi.waitFor(() => expect(written.join('')).toContain('orders_daily'));
  expect(drawn).toEqual([]);
  await vi.waitFor(() => expect(load).toHaveBeenCalled());
  ink.loaded();
  await vi.waitFor(() => expect(drawn).not.toEqual([]));
  expect(drawn[0]!.jobs.order).toHaveLength(variedJobs(now).length);
  hangUp();
  expect(await ended).toBe(129);
  expect(close).toHaveBeenCalledOnce();
});

test('keys that are pressed before Ink is loaded are acted on when it is there, in their order', async () => {
  const { drawn, module } = aProgram();
  const ink = lateInk(module);
  const { run, written, press, hangUp } = aConsole(ink.load);
  const ended = run();
  press('j');
  press('?');
  await vi.waitFor(() => expect(written.join('')).toContain('orders_daily'));
  ink.loaded();
  await vi.waitFor(() => expect(drawn.at(-1)?.overlay?.type).toBe('help'));
  const { order, cursor } = drawn.at(-1)!.jobs;
  expect(cursor).toBe(order[1]);
  hangUp();
  await ended;
});

test('a database that does not answer keeps nothing waiting: Ink is loaded, and keys work', async () => {
  const { drawn, module } = aProgram();
  const { run, database, press, hangUp } = aConsole(async () => module);
  database.silence = new Promise(() => {});
  const ended = run();
  await vi.waitFor(() => expect(drawn).not.toEqual([]));
  press('?');
  await vi.waitFor(() => expect(drawn.at(-1)!.overlay?.type).toBe('help'));
  hangUp();
  expect(await ended).toBe(129);
});

test('a terminal that goes while Ink is loaded ends the console, and nothing is drawn on it', async () => {
  const { run, written, hangUp } = aConsole(() => new Promise(() => {}));
  const ended = run();
  const before = written.length;
  hangUp();
  expect(await ended).toBe(129);
  expect(written.length).toBe(before);
});

test('an error of Ink is reported after the terminal has been restored', async () => {
  const listeners = process.listenerCount('SIGTSTP');
  const { run } = aConsole(() => Promise.reject(new Error('no Ink')));
  await expect(run()).rejects.toThrow('no Ink');
  expect(process.listenerCount('SIGTSTP')).toBe(listeners);
});

test('input is handled before updates: a key is drawn at once, with what an update has still to wait for', async () => {
  const { drawn, module } = aProgram();
  const { run, resize, press, hangUp } = aConsole(async () => module);
  const ended = run();
  await vi.waitFor(() => expect(drawn.at(-1)?.jobs.order.length).toBeGreaterThan(1));
  const before = drawn.at(-1)!;
  const frames = drawn.length;
  resize(100);
  expect(drawn).toHaveLength(frames);
  press('j');
  await Promise.resolve();
  expect(drawn).toHaveLength(frames + 1);
  expect(drawn.at(-1)!.size.columns).toBe(100);
  expect(drawn.at(-1)!.jobs.cursor).not.toBe(before.jobs.cursor);
  hangUp();
  await ended;
});
