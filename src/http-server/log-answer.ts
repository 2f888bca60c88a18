/** A log did not answer in time, so nothing is known. */
export class LateLogError extends Error {
  override readonly name = "LateLogError";
}

/** The one who asked has gone. */
export class RequestLeftError extends Error {
  override readonly name = "RequestLeftError";
}

const LONGEST_MS = 5_000;

/**
 * What a log answers, as long as somebody waits for it.
 *
 * @throws LateLogError, RequestLeftError, or the error of the log.
 */
export async function logAnswer<V>(answer: Promise<V>, signal: AbortSignal, ms = LONGEST_MS): Promise<V> {
  let stop: (error: Error) => void = () => {};
  const stopped = new Promise<never>((_resolve, reject) => {
    stop = reject;
  });
  const leave = (): void => stop(new RequestLeftError("The client has closed the request."));
  const timer = setTimeout(() => stop(new LateLogError(`The log has not answered within ${ms} ms.`)), ms);
  signal.addEventListener("abort", leave);
  if (signal.aborted) leave();
  try {
    return await Promise.race([answer, stopped]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", leave);
  }
}
