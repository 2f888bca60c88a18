import { pulledBody } from "../../http/pulled-body.ts";
import { type Body, type HttpResponse, readText, type Transport } from "../../http/request.ts";
import { tryParse } from "../../json/object.ts";
import type { Destination } from "./client.ts";
import { errorFromClient } from "./errors.ts";

/** An official SDK client, by its shape: `Anthropic`, `AnthropicBedrock`, `AnthropicVertex`. */
export interface SdkClient {
  readonly messages: { create(body: never, options?: never): unknown };
}

/** What the SDKs return: a promise that knows more. */
type SdkPromise = PromiseLike<unknown> & {
  readonly withResponse?: () => Promise<{ readonly data: unknown; readonly request_id?: string | null | undefined }>;
};

const MESSAGE_LIMIT = 256 * 1024 * 1024;

/** Sends through an SDK client: its events become frames again, so that there is one way to read a reply. */
export function sdkDestination(client: SdkClient, body: object): Destination {
  const transport: Transport = ({ headers: { accept: _accept, ...headers } }) => {
    const controller = new AbortController();
    const send = async (): Promise<HttpResponse> => {
      // Retries are ours to make, and to show; a redirect would carry the key elsewhere.
      const fetchOptions = { redirect: "error" };
      const options = { signal: controller.signal, maxRetries: 0, headers, fetchOptions };
      const pending = client.messages.create(body as never, options as never) as SdkPromise;
      const { data, request_id } = pending.withResponse ? await pending.withResponse() : { data: await pending };
      const events = "stream" in body ? (data as AsyncIterable<unknown>) : wholeMessage(data);
      const header = (name: string): string | null => (name === "request-id" ? (request_id ?? null) : null);
      return { status: 200, header, body: bodyOf(events) };
    };
    return { response: send().catch(rethrow), close: () => controller.abort() };
  };
  return { url: "", headers: {}, transport, agent: undefined };
}

/** Makes one event of a reply that is not streamed. */
export function unstreamed(transport: Transport): Transport {
  return (request) => {
    const exchange = transport(request);
    const response = exchange.response.then(async (received) => {
      if (received.status >= 400 || !received.header("content-type")?.includes("json")) return received;
      const message = tryParse(await readText(received.body, MESSAGE_LIMIT));
      return { ...received, body: bodyOf(wholeMessage(message)) };
    });
    return { ...exchange, response };
  };
}

async function* wholeMessage(message: unknown): AsyncGenerator<unknown> {
  yield { type: "message_start", message };
}

function bodyOf(events: AsyncIterable<unknown>): Body {
  const iterator = events[Symbol.asyncIterator]();
  return pulledBody({
    async next() {
      const { done, value } = await iterator.next().catch(rethrow);
      return done ? {} : { value: new TextEncoder().encode(`data: ${JSON.stringify(value)}\n\n`) };
    },
    return: () => iterator.return?.(),
  });
}

function rethrow(thrown: unknown): never {
  throw errorFromClient(thrown);
}
