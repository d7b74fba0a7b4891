const names = ['SIGTERM', 'SIGINT'] as const;

/** Since the first call of `catchStopSignals`. */
let signals = 0;
let caught = false;
const listeners = new Set<(signals: number) => void>();

/**
 * From now on SIGTERM and SIGINT do not end the process: they are counted until something listens.
 * A second one without a listener ends it at once (exit 1): starting up may take for ever.
 */
export function catchStopSignals(): void {
  if (caught) return;
  caught = true;
  for (const name of names)
    process.on(name, () => {
      signals++;
      if (signals > 1 && listeners.size === 0) process.exit(1);
      for (const listener of listeners) listener(signals);
    });
}

export function stopSignals(): number {
  return signals;
}

/** Calls `stop` with the count at each signal, and now if there were any. Returns what ends it. */
export function onStopSignals(stop: (signals: number) => void): () => void {
  catchStopSignals();
  listeners.add(stop);
  if (signals > 0) stop(signals);
  return () => {
    listeners.delete(stop);
  };
}
