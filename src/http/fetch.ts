import { ConnectionError, MillraceError, RedirectError, StreamTimeoutError } from "../errors.ts";
import { type Body, type HttpResponse, isRedirect, type Transport } from "./request.ts";
import { startTimer } from "./timeout.ts";

/** The part of `fetch` that is used; anything that behaves like it may be injected. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Sends over `fetch`: where there is no `node:http`, or where one was injected. */
export function fetchTransport(fetch: Fetch): Transport {
  return (request) => {
    const controller = new AbortController();
    const { connectTimeoutMs } = request;
    const cancelTimer = startTimer(connectTimeoutMs, () =>
      controller.abort(new StreamTimeoutError("connect", connectTimeoutMs, "no response headers came")),
    );
    const send = async (): Promise<HttpResponse> => {
      try {
        const { headers, body } = request;
        return toResponse(
          await fetch(request.url, { method: "POST", headers, body, redirect: "manual", signal: controller.signal }),
        );
      } catch (error) {
        if (error instanceof MillraceError) throw error;
        const reason: unknown = controller.signal.reason;
        if (reason instanceof MillraceError) throw reason;
        throw new ConnectionError(`Could not reach ${new URL(request.url).origin}: ${messageOf(error)}`, { cause: error });
      } finally {
        cancelTimer();
      }
    };
    return {
      response: send(),
      close: () => controller.abort(),
    };
  };
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // undici says "fetch failed" and puts what happened into the cause.
  return error.cause instanceof Error ? error.cause.message : error.message;
}

function toResponse(response: Response): HttpResponse {
  if (response.type === "opaqueredirect" || isRedirect(response.status)) {
    void response.body?.cancel();
    throw new RedirectError(response.status, response.headers.get("location"));
  }
  return {
    status: response.status,
    header: (name) => response.headers.get(name),
    body: new FetchBody(response.body),
  };
}

class FetchBody implements Body {
  ended = false;
  failure: unknown = null;
  onReady: () => void = () => {};
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | null;
  #bytes: Uint8Array | null = null;
  #reading = false;

  constructor(stream: ReadableStream<Uint8Array> | null) {
    this.#reader = stream === null ? null : stream.getReader();
    this.ended = stream === null;
  }

  take(): Uint8Array | null {
    const bytes = this.#bytes;
    this.#bytes = null;
    if (bytes === null && !this.ended && !this.#reading) void this.#read();
    return bytes;
  }

  finish(): void {
    // The rest is read, so that the runtime may use the connection again.
    this.onReady = () => this.take();
    this.take();
  }

  close(): void {
    this.ended = true;
    this.#reader?.cancel().catch(() => {});
  }

  async #read(): Promise<void> {
    this.#reading = true;
    try {
      const result = await this.#reader?.read();
      if (result === undefined || result.done) this.ended = true;
      else this.#bytes = result.value;
    } catch (error) {
      this.failure = error;
      this.ended = true;
    }
    this.#reading = false;
    this.onReady();
  }
}
