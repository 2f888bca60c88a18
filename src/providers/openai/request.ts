import { destinationOf } from "../../http/client.ts";
import { field } from "../../json/object.ts";
import type { Prompt, Request } from "../../provider/provider.ts";
import { openAIUrl } from "../openai-platform/client.ts";
import { hasCreate, sdkRequest } from "../openai-platform/sdk-client.ts";
import { requestSecrets } from "../openai-platform/secrets.ts";
import { inBackground, inBackgroundOf } from "./background.ts";
import { settings } from "./client.ts";
import { createEventFrames, createFrames } from "./frames.ts";
import { LABEL } from "./message.ts";
import type { OpenAIBody, OpenAINative } from "./native.ts";

/** A client of the `openai` package, by its shape. */
export interface SdkClient {
  /** Its methods are used, with the client's own address, credentials and transport. */
  readonly responses: { create(body: never, options?: never): unknown };
}

/** A body, and who sends it. */
export interface Sent {
  readonly client: Prompt<OpenAINative>["client"];
  readonly body: OpenAIBody;
  /** The body as JSON. */
  readonly text: string;
  /** The headers of this call. */
  readonly headers: Readonly<Record<string, string>>;
  readonly connectTimeoutMs: number;
}

function isSdkClient(client: unknown): client is SdkClient {
  return hasCreate(client, ["responses"]);
}

/** The request that sends a body. */
export function requestOf({ client, body, text, headers: own, connectTimeoutMs }: Sent): Request<OpenAINative> {
  const isBackground = field(body, "background") === true;
  if (isSdkClient(client)) {
    const request = sdkRequest<OpenAINative>({
      label: LABEL,
      client,
      send: (options) => client.responses.create(body as never, options),
      body,
      isStreamed: field(body, "stream") === true,
      headers: own,
      connectTimeoutMs,
      createFrames: createEventFrames,
    });
    return isBackground ? inBackgroundOf(request, client) : request;
  }
  const { baseURL, query, headers, transport, agent } = destinationOf(settings, client);
  const url = openAIUrl(baseURL, "/responses", query);
  const all = { accept: "text/event-stream", ...headers, ...own };
  const secrets = (): readonly string[] => requestSecrets(all, url, body);
  const http = { url, headers: all, body: text, connectTimeoutMs, agent, secrets };
  const request = { http, transport, createFrames };
  return isBackground ? inBackground(request, { baseURL, query }) : request;
}
