/** Listens to a signal for many: Node warns where a signal has more than ten listeners. */
class Callbacks extends Set<() => void> {
  handleEvent(): void {
    for (const callback of this) callback();
  }
}

const listeners = new WeakMap<AbortSignal, Callbacks>();

/** Calls back when the signal is aborted. Gives the cancellation: after the last one, nothing is left on the signal. */
export function whenAborted(signal: AbortSignal, callback: () => void): () => void {
  const callbacks = listeners.get(signal) ?? new Callbacks();
  listeners.set(signal, callbacks);
  if (callbacks.size === 0) signal.addEventListener("abort", callbacks);
  callbacks.add(callback);
  return () => {
    callbacks.delete(callback);
    if (callbacks.size === 0) signal.removeEventListener("abort", callbacks);
  };
}
