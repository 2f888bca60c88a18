import { abortableExchange } from "../../http/abortable-exchange.ts";
import { pulledBody } from "../../http/pulled-body.ts";
import type { HttpResponse, Transport } from "../../http/request.ts";
import { field } from "../../json/object.ts";
import { headerOfClient } from "../../provider/error-body.ts";
import type { Request } from "../../provider/provider.ts";
import { errorFromClient } from "./errors.ts";
import { createEventFrames } from "./frames.ts";
import type { AnthropicNative } from "./native.ts";
import { requestSecrets } from "./secrets.ts";

/** An official SDK client, by its shape: `Anthropic`, `AnthropicBedrock`, `AnthropicVertex`. */
export interface SdkClient {
  /** Its `create` is used, with the client's own address, credentials and transport. */
  readonly messages: { create(body: never, options?: never): unknown };
}

/** The promise that the SDKs return. */
type SdkPromise = PromiseLike<unknown> & {
  readonly withResponse?: () => Promise<{ readonly data: unknown; readonly response?: unknown }>;
};

/** Whether a value has the shape of an SDK client. */
export function isSdkClient(client: unknown): client is SdkClient {
  return typeof field(field(client, "messages"), "create") === "function";
}

/** A request through an SDK client. Its events are frames already. */
export function sdkRequest(
  client: SdkClient,
  body: object,
  headers: Readonly<Record<string, string>>,
  connectTimeoutMs: number,
): Request<AnthropicNative> {
  const transport: Transport = () =>
    abortableExchange(errorFromClient, connectTimeoutMs, (signal) => send(client, body, headers, signal));
  const secrets = (): readonly string[] => {
    const read = (name: string): unknown => field(client, name);
    const defaults: object = Object(field(read("_options"), "defaultHeaders"));
    return requestSecrets(
      { apiKey: read("apiKey"), authToken: read("authToken"), ...defaults, ...headers },
      read("baseURL"),
      body,
    );
  };
  const http = { url: "", headers: {}, body: "", connectTimeoutMs, agent: undefined, secrets };
  return { http, transport, createFrames: createEventFrames };
}

async function send(
  client: SdkClient,
  body: object,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<HttpResponse> {
  // Retries are this library's to make, and to show; a redirect would take the key elsewhere.
  const options = { signal, maxRetries: 0, headers, fetchOptions: { redirect: "error" } };
  let received: { readonly data: unknown; readonly response?: unknown };
  try {
    const pending = client.messages.create(body as never, options as never) as SdkPromise;
    received = pending.withResponse ? await pending.withResponse() : { data: await pending };
  } catch (thrown) {
    const error = errorFromClient(thrown);
    const { status } = error;
    // Without a status there was no response.
    if (status === undefined) throw error;
    return { status, header: headerOfClient(thrown), body: pulledBody({ next: async () => ({}) }), error };
  }
  const { data, response } = received;
  const events = "stream" in body ? (data as AsyncIterable<unknown>) : whole(data);
  const iterator = events[Symbol.asyncIterator]();
  const pieces = {
    next: async () => {
      const { done, value } = await iterator.next().catch(rethrow);
      return done ? {} : { value };
    },
    return: () => iterator.return?.(),
  };
  return { status: 200, header: headerOfClient(response), body: pulledBody(pieces) };
}

/** The one event of a reply that is not streamed. */
async function* whole(message: unknown): AsyncGenerator<unknown> {
  yield message;
}

function rethrow(thrown: unknown): never {
  throw errorFromClient(thrown);
}
