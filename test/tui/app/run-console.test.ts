import { EventEmitter } from 'node:events';
import { openSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import type { ReadStream, WriteStream } from 'node:tty';
import { expect, test, vi } from 'vitest';
import type { DataEffect } from '../../../source/console/effects.ts';
import type { State } from '../../../source/console/state.ts';
import { ConsoleLoop, type LoadPicture } from '../../../source/tui/app/run-console.ts';
import { now } from '../../support/jobs.ts';
import { MemoryDatabase, variedJobs } from '../../support/memory-database.ts';

/** A loop on a stub terminal, with Ink as the test loads it. */
function aLoop(loadPicture: LoadPicture) {
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
  const loop = new ConsoleLoop(
    {
      perform: (effect) => {
        asked.push(effect.type);
        return database.perform(effect);
      },
      labels: {
        context: null,
        database: 'warehouse',
        tenant: 'acme',
        embedded: false,
        rls_bypassed: false,
      },
      read_only: false,
      light: false,
      stdin,
      stdout,
    },
    loadPicture,
  );
  const resize = (columns: number) => {
    stdout.columns = columns;
    stdout.emit('resize');
  };
  const press = (key: string) => stdin.emit('data', Buffer.from(key));
  return { loop, asked, written, resize, press, hangUp: () => stdin.emit('end') };
}

function aPicture() {
  const drawn: State[] = [];
  const close = vi.fn();
  const openPicture = () => ({ draw: (state: State) => void drawn.push(state), close });
  return { drawn, close, module: { openPicture } as Awaited<ReturnType<LoadPicture>> };
}

test('the jobs are asked for before Ink is loaded, and the first frame has them', async () => {
  let loaded: (module: Awaited<ReturnType<LoadPicture>>) => void = () => {};
  const ink = new Promise<Awaited<ReturnType<LoadPicture>>>((resolve) => {
    loaded = resolve;
  });
  const { drawn, close, module } = aPicture();
  const { loop, asked, hangUp } = aLoop(() => ink);
  const ended = loop.run();
  expect(asked).toContain('load-jobs');
  // The answer arrives in a few turns: Ink only has to come later.
  await new Promise(setImmediate);
  expect(drawn).toEqual([]);
  loaded(module);
  await vi.waitFor(() => expect(drawn).not.toEqual([]));
  expect(drawn[0]!.jobs.order).toHaveLength(variedJobs(now).length);
  hangUp();
  expect(await ended).toBe(129);
  expect(close).toHaveBeenCalledOnce();
});

test('a terminal that goes while Ink is loaded ends the console, and nothing is drawn on it', async () => {
  const { loop, written, hangUp } = aLoop(() => new Promise(() => {}));
  const ended = loop.run();
  const before = written.length;
  hangUp();
  expect(await ended).toBe(129);
  expect(written.length).toBe(before);
});

test('an error of Ink is reported after the terminal has been restored', async () => {
  const listeners = process.listenerCount('SIGTSTP');
  const { loop } = aLoop(() => Promise.reject(new Error('no Ink')));
  await expect(loop.run()).rejects.toThrow('no Ink');
  expect(process.listenerCount('SIGTSTP')).toBe(listeners);
});

test('input is handled before updates: a key is drawn at once, with what an update has still to wait for', async () => {
  const { drawn, module } = aPicture();
  const { loop, resize, press, hangUp } = aLoop(async () => module);
  const ended = loop.run();
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
