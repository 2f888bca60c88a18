import { abortableExchange } from "../../http/abortable-exchange.ts";
import { pulledBody } from "../../http/pulled-body.ts";
import type { HttpResponse } from "../../http/request.ts";
import { field } from "../../json/object.ts";
import { headerOfClient } from "../../provider/error-body.ts";
import type { Native } from "../../provider/native.ts";
import type { Request } from "../../provider/provider.ts";
import { errorFromClient } from "./errors.ts";
import { requestSecrets } from "./secrets.ts";

/** The promise that the SDK returns. */
type SdkPromise = PromiseLike<unknown> & {
  readonly withResponse?: () => Promise<{ readonly data: unknown; readonly response?: unknown }>;
};

/** A request to be sent by an SDK client. */
export interface SdkRequest<N extends Native> {
  /** The provider's name in errors. */
  readonly label: string;
  /** The client, whose credentials no error may show. */
  readonly client: object;
  /**
   * Sends the request: `(options) => client.responses.create(body, options)`.
   *
   * @param options - The SDK's options of a request.
   */
  send(options: never): unknown;
  /** What is sent. */
  readonly body: object;
  /** Whether the SDK gives events; else it gives one object. */
  readonly isStreamed: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly connectTimeoutMs: number;
  /** The SDK's events are the frames. */
  readonly createFrames: Request<N>["createFrames"];
}

/**
 * Whether a value has the shape of a client of the `openai` package.
 *
 * @param path - Where its `create` is: `["chat", "completions"]`, say.
 */
export function hasCreate(client: unknown, path: readonly string[]): boolean {
  return typeof field(path.reduce(field, client), "create") === "function";
}

/** A request through an SDK client. Its events are frames already. */
export function sdkRequest<N extends Native>(request: SdkRequest<N>): Request<N> {
  const { client, body, headers, connectTimeoutMs, createFrames, label } = request;
  const secrets = (): readonly string[] => {
    const defaults: object = Object(field(field(client, "_options"), "defaultHeaders"));
    return requestSecrets({ apiKey: field(client, "apiKey"), ...defaults, ...headers }, field(client, "baseURL"), body);
  };
  return {
    http: { url: "", headers: {}, body: "", connectTimeoutMs, agent: undefined, secrets },
    transport: () =>
      abortableExchange(
        (thrown) => errorFromClient(label, thrown),
        connectTimeoutMs,
        (signal) => send(request, signal),
      ),
    createFrames,
  };
}

async function send<N extends Native>(request: SdkRequest<N>, signal: AbortSignal): Promise<HttpResponse> {
  const { label, headers, isStreamed } = request;
  // Retries are this library's to make, and to show; a redirect would take the key elsewhere.
  const options = { signal, maxRetries: 0, headers, fetchOptions: { redirect: "error" } };
  let received: { readonly data: unknown; readonly response?: unknown };
  try {
    const pending = request.send(options as never) as SdkPromise;
    received = pending.withResponse ? await pending.withResponse() : { data: await pending };
  } catch (thrown) {
    const error = errorFromClient(label, thrown);
    const { status } = error;
    // Without a status there was no response.
    if (status === undefined) throw error;
    return { status, header: headerOfClient(thrown), body: pulledBody({ next: async () => ({}) }), error };
  }
  const { data, response } = received;
  const events = isStreamed ? (data as AsyncIterable<unknown>) : whole(data);
  const iterator = events[Symbol.asyncIterator]();
  const pieces = {
    next: async () => {
      try {
        const { done, value } = await iterator.next();
        return done ? {} : { value };
      } catch (thrown) {
        throw errorFromClient(label, thrown);
      }
    },
    return: () => iterator.return?.(),
  };
  return { status: 200, header: headerOfClient(response), body: pulledBody(pieces) };
}

/** The one event of a reply that is not streamed. */
async function* whole(message: unknown): AsyncGenerator<unknown> {
  yield message;
}
