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
  return {
    next: () => handled(values.next()),
    return(value) {
      leave();
      return handled(values.return(value));
    },
    throw(reason) {
      leave(reason);
      return handled(values.throw(reason));
    },
    async [Symbol.asyncDispose]() {
      leave();
      await values.return();
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
