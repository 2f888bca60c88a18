import { ContentTypeError, LimitExceededError } from "../errors.ts";
import { type Body, type HttpResponse, readText } from "../http/request.ts";
import type { Decoder, Native, Provider } from "../provider.ts";
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

/** A reply under way: chunks, pulled out of the bytes of a body. */
export class Reply<N extends Native> {
  readonly body: Body;
  readonly #decoder: Decoder<N>;
  readonly #reader: SseReader<unknown>;
  readonly #limit: number;
  #bytes = 0;
  #isOver = false;

  constructor(body: Body, decoder: Decoder<N>, limit: Limit) {
    this.body = body;
    this.#decoder = decoder;
    this.#reader = new SseReader({ frameLimit: limit.frame ?? DEFAULT_FRAME_LIMIT });
    this.#limit = limit.response ?? Infinity;
  }

  /** The next chunk, or null: none has arrived, or none will (see {@link hasEnded}). Throws what ends the reply. */
  take(): N["chunk"] | null {
    while (!this.#reader.isEmpty || this.#readMore()) {
      const chunk = this.#decoder.take(this.#reader);
      if (chunk !== null) return chunk;
    }
    return null;
  }

  /** Every byte was read. */
  get hasEnded(): boolean {
    return this.#isOver;
  }

  #readMore(): boolean {
    const bytes = this.body.take();
    if (bytes !== null) {
      this.#bytes += bytes.length;
      if (this.#bytes > this.#limit) throw new LimitExceededError("response", this.#limit);
      this.#reader.push(bytes);
    } else if (this.body.ended && !this.#isOver) {
      this.#isOver = true;
      this.#reader.end();
    } else {
      return false;
    }
    return true;
  }
}

/**
 * Checks that a response is what was asked for.
 *
 * @param contentType - The one that was asked for. A response that names none is believed: the decoder will tell.
 * @throws The provider's error for a status of 400 or above; ContentTypeError.
 */
export async function checkResponse<N extends Native>(
  provider: Provider<N>,
  { status, header, body }: HttpResponse,
  contentType: string,
): Promise<void> {
  const received = header("content-type") ?? contentType;
  const isExpected = received.toLowerCase().startsWith(contentType);
  if (status < 400 && isExpected) return;
  const text = await readText(body, ERROR_BODY_LIMIT);
  if (status >= 400) throw provider.errorFromResponse(status, header, text);
  const requestId = provider.requestId(header);
  throw new ContentTypeError(received, contentType, text, { status, requestId, phase: "first-content" });
}
