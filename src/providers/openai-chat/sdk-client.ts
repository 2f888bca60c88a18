import { field } from "../../json/object.ts";
import { hasCreate } from "../openai-platform/sdk-client.ts";

/** A client of the `openai` package, by its shape: `OpenAI`, `AzureOpenAI`. */
export interface SdkClient {
  /** Its `create` is used, with the client's own address, credentials and transport. */
  readonly chat: { readonly completions: { create(body: never, options?: never): unknown } };
}

/** Whether a value has the shape of an SDK client. */
export function isSdkClient(client: unknown): client is SdkClient {
  return hasCreate(client, ["chat", "completions"]);
}

/** The address that a client sends to. */
export function addressOf(client: SdkClient): string {
  return String(field(client, "baseURL") ?? "");
}
