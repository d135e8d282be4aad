/** SIGTERM and SIGINT ask to stop, a second one stops at once; SIGHUP asks to read certificates again. */
export interface SignalHandlers {
  /** Called once. */
  stop(signal: NodeJS.Signals): void;
  reload(): void;
}

/** Returns what takes the handlers away again. */
export function onSignals(handlers: SignalHandlers): () => void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (stopping) process.exit(1);
    stopping = true;
    handlers.stop(signal);
  };
  const reload = () => handlers.reload();
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('SIGHUP', reload);
  return () => {
    process.off('SIGTERM', stop);
    process.off('SIGINT', stop);
    process.off('SIGHUP', reload);
  };
}
