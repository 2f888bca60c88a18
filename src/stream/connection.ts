import { ContentTypeError, LimitExceededError, MillraceError } from "../errors.ts";
import { type Body, type HttpResponse, readText } from "../http/request.ts";
import type { Decoder, EncodedPrompt, Native, Provider, Route } from "../provider.ts";
import { SseReader } from "../sse/reader.ts";

/** Limits of what a response may hold, in bytes. Each has an error of its own: LimitExceededError. */
export interface Limit {
  /** One frame of the stream. Default 32 MiB. */
  readonly frame?: number | undefined;
  /** The whole body. Default: none. */
  readonly response?: number | undefined;
}

const DEFAULT_FRAME_LIMIT = 32 * 1024 * 1024;
const ERROR_BODY_LIMIT = 64 * 1024;
/** A reply that is not streamed comes in one piece; no model writes this much. */
const DEFAULT_MESSAGE_LIMIT = 256 * 1024 * 1024;

/** An answer under way: chunks, pulled. */
export interface Connection<N extends Native> {
  readonly requestId: string | null;
  /** The next chunk, or null: none has arrived, or none will (see {@link ended}). Throws what ends the reply. */
  take(): N["chunk"] | null;
  readonly ended: boolean;
  /** Why it ended early, or null. */
  readonly failure: unknown;
  onReady: () => void;
  /** The message is complete: the connection may be used again. */
  finish(): void;
  close(): void;
}

/** A connection being made. */
export interface Connecting<N extends Native> {
  readonly connection: Promise<Connection<N>>;
  close(): void;
}

/** Sends an encoded prompt by its route. */
export function connect<N extends Native>(
  provider: Provider<N>,
  encoded: EncodedPrompt<N>,
  decoder: Decoder<N>,
  limit: Limit,
): Connecting<N> {
  return encoded.route.kind === "http"
    ? overHttp(provider, encoded.route, encoded.streamed, decoder, limit)
    : throughClient(provider, encoded.route, decoder);
}

function overHttp<N extends Native>(
  provider: Provider<N>,
  route: Extract<Route, { kind: "http" }>,
  streamed: boolean,
  decoder: Decoder<N>,
  limit: Limit,
): Connecting<N> {
  const exchange = route.transport(route.request);
  const open = async (): Promise<Connection<N>> => {
    const response = await exchange.response;
    const requestId = provider.requestId(response.header);
    if (response.status >= 400) {
      const body = await readText(response.body, ERROR_BODY_LIMIT, true);
      throw provider.errorFromResponse(response.status, response.header, body);
    }
    await checkContentType(response, streamed ? "text/event-stream" : "application/json", requestId);
    if (streamed) return new HttpConnection(response.body, requestId, decoder, limit);
    const text = await readText(response.body, limit.response ?? DEFAULT_MESSAGE_LIMIT, false);
    return new EventConnection(parseWhole(text), requestId, (message) => decoder.readMessage(message), () => {});
  };
  return { connection: open(), close: () => exchange.close() };
}

async function checkContentType(response: HttpResponse, expected: string, requestId: string | null): Promise<void> {
  const { status } = response;
  const contentType = response.header("content-type");
  // Some servers name none; the decoder will tell.
  if (contentType === null || contentType.toLowerCase().startsWith(expected)) return;
  const body = await readText(response.body, ERROR_BODY_LIMIT, true);
  throw new ContentTypeError(contentType, expected, body, { status, requestId, phase: "first-content" });
}

async function* parseWhole(text: string): AsyncGenerator<unknown> {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    throw new ContentTypeError("not valid JSON", "a JSON message", text);
  }
  yield message;
}

function throughClient<N extends Native>(
  provider: Provider<N>,
  route: Extract<Route, { kind: "events" }>,
  decoder: Decoder<N>,
): Connecting<N> {
  const controller = new AbortController();
  const close = (): void => controller.abort();
  const open = async (): Promise<Connection<N>> => {
    try {
      const { events, requestId } = await route.open(controller.signal);
      return new EventConnection(events, requestId, (event) => decoder.readEvent(event), close);
    } catch (error) {
      throw error instanceof MillraceError ? error : provider.errorFromClient(error);
    }
  };
  return { connection: open(), close };
}

class HttpConnection<N extends Native> implements Connection<N> {
  readonly requestId: string | null;
  ended = false;
  readonly #body: Body;
  readonly #decoder: Decoder<N>;
  readonly #reader: SseReader<unknown>;
  /** The reader holds no whole frame. */
  #isDrained = true;
  #bytesLeft: number;
  readonly #responseLimit: number;

  constructor(body: Body, requestId: string | null, decoder: Decoder<N>, limit: Limit) {
    this.#body = body;
    this.requestId = requestId;
    this.#decoder = decoder;
    this.#reader = new SseReader({ frameLimit: limit.frame ?? DEFAULT_FRAME_LIMIT });
    this.#responseLimit = limit.response ?? Infinity;
    this.#bytesLeft = this.#responseLimit;
  }

  get failure(): unknown {
    return this.#body.failure;
  }

  set onReady(onReady: () => void) {
    this.#body.onReady = onReady;
  }

  take(): N["chunk"] | null {
    for (;;) {
      if (this.#isDrained && !this.#readMore()) return null;
      const chunk = this.#decoder.take(this.#reader);
      this.#isDrained = chunk === null;
      if (chunk !== null) return chunk;
    }
  }

  finish(): void {
    this.#body.finish();
  }

  close(): void {
    this.#body.close();
  }

  #readMore(): boolean {
    const bytes = this.#body.take();
    if (bytes !== null) {
      this.#bytesLeft -= bytes.length;
      if (this.#bytesLeft < 0) throw new LimitExceededError("response", this.#responseLimit);
      this.#reader.push(bytes);
      return true;
    }
    if (this.ended || !this.#body.ended) return false;
    this.ended = true;
    this.#reader.end();
    return true;
  }
}

/** Events that come as objects: from an SDK client, or the one of a reply that was not streamed. */
class EventConnection<N extends Native> implements Connection<N> {
  readonly requestId: string | null;
  ended = false;
  failure: unknown = null;
  onReady: () => void = () => {};
  readonly #iterator: AsyncIterator<unknown>;
  readonly #read: (event: unknown) => N["chunk"] | null;
  readonly #close: () => void;
  #event: { readonly value: unknown } | null = null;
  #waiting = false;

  constructor(
    events: AsyncIterable<unknown>,
    requestId: string | null,
    read: (event: unknown) => N["chunk"] | null,
    close: () => void,
  ) {
    this.requestId = requestId;
    this.#iterator = events[Symbol.asyncIterator]();
    this.#read = read;
    this.#close = close;
  }

  take(): N["chunk"] | null {
    const event = this.#event;
    this.#event = null;
    if (event !== null) {
      const chunk = this.#read(event.value);
      if (chunk !== null) return chunk;
    }
    if (!this.ended && !this.#waiting) void this.#pull();
    return null;
  }

  finish(): void {
    // Read to the end rather than left, so that the client may use its connection again.
    this.onReady = () => this.#leave();
    if (!this.ended && !this.#waiting) void this.#pull();
  }

  close(): void {
    this.#close();
    this.#leave();
  }

  async #pull(): Promise<void> {
    this.#waiting = true;
    try {
      const result = await this.#iterator.next();
      if (result.done) this.ended = true;
      else this.#event = { value: result.value };
    } catch (error) {
      this.failure = error;
      this.ended = true;
    }
    this.#waiting = false;
    this.onReady();
  }

  #leave(): void {
    this.ended = true;
    this.#iterator.return?.()?.then(undefined, () => {});
  }
}
