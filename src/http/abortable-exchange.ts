import { ConnectionError, type MillraceError, StreamTimeoutError } from "../errors.ts";
import { type Body, type Exchange, type HttpResponse, ignore } from "./request.ts";
import { startTimer } from "./timeout.ts";

/**
 * Makes an exchange from a function that takes an AbortSignal. Even if the function ignores the signal, the exchange
 * settles within the time limit, and the body of a response that arrives too late is closed.
 *
 * @param toError - Makes the error of what `send` rejects with.
 */
export function abortableExchange(
  toError: (thrown: unknown) => MillraceError,
  connectTimeoutMs: number,
  send: (signal: AbortSignal) => Promise<HttpResponse>,
): Exchange {
  const controller = new AbortController();
  let body: Body | null = null;
  let refuse: (error: unknown) => void = ignore;
  const stop = (error: unknown): void => {
    refuse(error);
    controller.abort();
    body?.close();
  };
  const cancelTimer = startTimer(connectTimeoutMs, () =>
    stop(new StreamTimeoutError("connect", connectTimeoutMs, "no response headers came")),
  );
  const response = new Promise<HttpResponse>((resolve, reject) => {
    refuse = (error) => {
      cancelTimer();
      reject(error);
    };
    send(controller.signal).then(
      (received) => {
        cancelTimer();
        ({ body } = received);
        if (controller.signal.aborted) body.close();
        else resolve(received);
      },
      (error: unknown) => stop(toError(error)),
    );
  });
  // A failure that nobody awaits must not become an unhandled rejection.
  response.catch(ignore);
  return { response, close: () => stop(new ConnectionError("Closed before the response came.")) };
}
