const names = ['SIGTERM', 'SIGINT'] as const;

/** Calls `stop` with how many there were at each SIGTERM and SIGINT; returns what ends that. */
export function onStopSignals(stop: (signals: number) => void): () => void {
  let signals = 0;
  const listener = () => stop(++signals);
  for (const name of names) process.on(name, listener);
  return () => {
    for (const name of names) process.removeListener(name, listener);
  };
}

/** Resolves at the first SIGTERM or SIGINT. */
export function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    const done = onStopSignals(() => {
      done();
      resolve();
    });
  });
}
