/**
 * A generator that reads pairs, and leaves them at once: by itself it would do so only when the read that is under way has
 * ended, which may never be.
 */
export function leaving<V>(
  values: AsyncGenerator<V, void, undefined>,
  pairs: { return(): unknown },
): AsyncGenerator<V, void, undefined> {
  const leave = values.return.bind(values);
  return Object.assign(values, { return: (value: void) => (pairs.return(), leave(value)) });
}
