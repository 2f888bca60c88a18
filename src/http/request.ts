/** A POST request, ready to be sent. */
export interface HttpRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The content type of the response that is asked for. */
  readonly accept: string;
  /** Values in this request that must not be seen in errors. */
  secrets(): readonly string[];
  /** How long the connection may take, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** A `node:http` or `node:https` Agent, where that is the transport. */
  readonly agent: unknown;
}

/** A response whose headers have come. */
export interface HttpResponse {
  readonly status: number;
  header(name: string): string | null;
  readonly body: Body;
}

/** The bytes of a response, pulled: nothing is read far ahead of {@link take}. */
export interface Body<Piece = unknown> {
  /** What has arrived since the last call, or null: nothing yet, or no more (see {@link ended}). */
  take(): Piece | null;
  /** True once nothing more will come; what had come before may still be taken. */
  ended: boolean;
  /** Why the body ended early, or null. */
  failure: unknown;
  /** Called when {@link take} or {@link ended} may have changed. */
  onReady: () => void;
  /** The message is complete: the connection may be used again. */
  finish(): void;
  /** Cuts the connection. */
  close(): void;
}

/** One request on its way. */
export interface Exchange {
  /** Rejects with a ConnectionError, a StreamTimeoutError or a RedirectError. */
  readonly response: Promise<HttpResponse>;
  /** Cuts the connection at once, whatever came. */
  close(): void;
}

/** Sends a request. */
export type Transport = (request: HttpRequest) => Exchange;

/** Reads a body to its end, or to the limit, as text. */
export async function readText(body: Body, limitBytes: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let left = limitBytes;
  while (left > 0) {
    const bytes = body.take();
    if (bytes !== null) {
      if (!(bytes instanceof Uint8Array)) break;
      text += decoder.decode(bytes.subarray(0, left), { stream: true });
      left -= bytes.length;
    } else if (body.ended) {
      break;
    } else {
      await new Promise<void>((resolve) => (body.onReady = resolve));
    }
  }
  if (!body.ended) body.close();
  return text + decoder.decode();
}
