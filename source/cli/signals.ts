const names = ['SIGTERM', 'SIGINT'] as const;

/** Since the first call of `catchStopSignals`. */
let signals = 0;
let caught = false;
const listeners = new Set<(signals: number) => void>();

/**
 * From now on SIGTERM and SIGINT do not end the process: they are counted until somebody listens. A second one that nobody
 * listens to ends it at once (exit 1): what it is starting may never be done.
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

/** How many there have been. */
export function stopSignals(): number {
  return signals;
}

/** Calls `stop` with how many there were at each SIGTERM and SIGINT, at once where there has been one; returns what ends that. */
export function onStopSignals(stop: (signals: number) => void): () => void {
  catchStopSignals();
  listeners.add(stop);
  if (signals > 0) stop(signals);
  return () => {
    listeners.delete(stop);
  };
}
