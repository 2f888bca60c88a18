import type { HttpRequest, HttpResponse } from "../../http/request.ts";
import { drain } from "../../http/request.ts";
import { field, stringField } from "../../json/object.ts";
import type { Request } from "../../provider/provider.ts";
import { openAIUrl } from "../openai-platform/client.ts";
import { sdkRequest } from "../openai-platform/sdk-client.ts";
import { createEventFrames } from "./frames.ts";
import { LABEL, progressOf } from "./message.ts";
import type { OpenAINative } from "./native.ts";
import type { SdkClient } from "./request.ts";

/** How one reply of a client is asked for more, or told to stop. */
interface Asking {
  /** The request for the events after one. */
  readonly after: (id: string, sequence: number) => Request<OpenAINative>;
  readonly stop: (id: string) => Promise<unknown>;
}

/**
 * A request whose reply goes on at OpenAI when the connection is lost: it can be resumed exactly, and has to be cancelled.
 * platform.openai.com/docs/guides/background
 */
function resumable(request: Request<OpenAINative>, asking: Asking): Request<OpenAINative> {
  return {
    ...request,
    resume(message) {
      const id = stringField(message, "id");
      const { numbers: { last = -1 } = {}, hasEnded = false } = progressOf(message) ?? {};
      // Without its number nothing tells where it stopped.
      return id === null || last < 0 || hasEnded ? null : resumable(asking.after(id, last), asking);
    },
    async cancel(message) {
      const id = stringField(message, "id");
      if (id !== null && progressOf(message)?.hasEnded !== true) await asking.stop(id);
    },
  };
}

/**
 * The same request, whose reply goes on in the background.
 *
 * @param address - The base URL of the API, and the query at the end of URLs.
 */
export function inBackground(
  request: Request<OpenAINative>,
  { baseURL, query }: { readonly baseURL: string; readonly query: string },
): Request<OpenAINative> {
  const { http, transport } = request;
  const at = (id: string, path: string): HttpRequest => {
    return { ...http, url: openAIUrl(baseURL, `/responses/${encodeURIComponent(id)}${path}`, query), body: "" };
  };
  return resumable(request, {
    after: (id, sequence) => ({
      ...request,
      http: { ...at(id, `?stream=true&starting_after=${sequence}`), method: "GET" },
    }),
    async stop(id) {
      const response: HttpResponse = await transport(at(id, "/cancel")).response;
      drain(response.body);
    },
  });
}

/** The same for a client of the `openai` package. */
export function inBackgroundOf(request: Request<OpenAINative>, client: SdkClient): Request<OpenAINative> {
  const responses: unknown = client.responses;
  const ask = (name: string, ...args: readonly unknown[]): unknown => {
    const method = field(responses, name);
    return typeof method === "function" ? method.apply(responses, args) : undefined;
  };
  return resumable(request, {
    after: (id, sequence) =>
      sdkRequest<OpenAINative>({
        label: LABEL,
        client,
        send: (options) => ask("retrieve", id, { stream: true, starting_after: sequence }, options),
        body: {},
        isStreamed: true,
        headers: {},
        connectTimeoutMs: request.http.connectTimeoutMs,
        createFrames: createEventFrames,
      }),
    stop: async (id) => await ask("cancel", id),
  });
}
