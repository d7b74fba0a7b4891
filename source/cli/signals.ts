const names = ['SIGTERM', 'SIGINT'] as const;

let signals = 0;
let caught = false;
const listeners = new Set<(signals: number) => void>();

/**
 * Keeps SIGTERM and SIGINT from ending the process; they are counted until a listener is added. A
 * second signal without a listener exits at once (code 1), because startup may hang.
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

/** Calls `stop` with the count at each signal, and now if any came. Returns the unsubscriber. */
export function onStopSignals(stop: (signals: number) => void): () => void {
  catchStopSignals();
  listeners.add(stop);
  if (signals > 0) stop(signals);
  return () => {
    listeners.delete(stop);
  };
}
