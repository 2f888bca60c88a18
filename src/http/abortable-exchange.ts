import { ConnectionError, StreamTimeoutError } from "../errors.ts";
import { type Body, type Exchange, type HttpResponse, ignore } from "./request.ts";
import { startTimer } from "./timeout.ts";

/**
 * Makes an exchange of a function that takes an AbortSignal. It settles in time and gives up its connection even where
 * the function ignores the signal.
 *
 * @param send - Rejects with what an exchange may reject with.
 */
export function abortableExchange(
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
    send(controller.signal).then((received) => {
      cancelTimer();
      ({ body } = received);
      if (controller.signal.aborted) body.close();
      else resolve(received);
    }, stop);
  });
  // It may fail while nobody waits for it.
  response.catch(ignore);
  return { response, close: () => stop(new ConnectionError("Closed before the response came.")) };
}
