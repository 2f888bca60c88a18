/** The same promise; ignoring it does not cause an unhandled rejection. Errors of a stream surface where it is read. */
export function handled<R>(promise: Promise<R>): Promise<R> {
  promise.catch(() => {});
  return promise;
}

/**
 * A generator that can be left while a read is under way: by itself it would notice only after that read, which may
 * never end. Reads that nobody awaits do not cause unhandled rejections.
 *
 * @param leave - Closes whatever the generator reads from.
 */
export function leavable<V>(
  values: AsyncGenerator<V, void, undefined>,
  leave: (reason?: unknown) => void,
): AsyncGenerator<V, void, undefined> {
  let hasLeft = false;
  const leaving = (reason?: unknown): void => {
    hasLeft = true;
    leave(reason);
  };
  // A read that was under way when the reader left has nothing to tell it any more.
  const ended = (error: unknown): IteratorResult<V, void> => {
    if (hasLeft) return { value: undefined, done: true };
    throw error;
  };
  return {
    next: () => handled(values.next().catch(ended)),
    return(value) {
      leaving();
      return handled(values.return(value));
    },
    throw(reason) {
      leaving(reason);
      return handled(values.throw(reason));
    },
    async [Symbol.asyncDispose]() {
      leaving();
      await values.return();
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
