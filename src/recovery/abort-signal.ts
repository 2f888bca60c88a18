interface Listener {
  readonly callbacks: Set<() => void>;
  readonly onAbort: () => void;
}

/** One for each signal: many calls may share it, and Node warns where a signal has more than ten. */
const listeners = new WeakMap<AbortSignal, Listener>();

/** Calls back when the signal is aborted. Gives the cancellation: after the last one, nothing is left on the signal. */
export function whenAborted(signal: AbortSignal, callback: () => void): () => void {
  const { callbacks, onAbort } = listenerOf(signal);
  if (callbacks.size === 0) signal.addEventListener("abort", onAbort);
  callbacks.add(callback);
  return () => {
    callbacks.delete(callback);
    if (callbacks.size === 0) signal.removeEventListener("abort", onAbort);
  };
}

function listenerOf(signal: AbortSignal): Listener {
  const known = listeners.get(signal);
  if (known !== undefined) return known;
  const callbacks = new Set<() => void>();
  const listener = { callbacks, onAbort: () => callbacks.forEach((callback) => callback()) };
  listeners.set(signal, listener);
  return listener;
}
