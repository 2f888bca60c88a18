import { type Client, createClient } from "../../http/client.ts";
import { checkOptions } from "../../schema/option-form.ts";
import { OPENAI_ADVICE, type OpenAIClientOptions, openAIForms, openAISettings } from "../openai-platform/client.ts";

/** The settings of the clients of the Responses API. */
export const settings = /* @__PURE__ */ openAISettings();

/**
 * Makes a client: the address of the Responses API, and the credentials for it.
 *
 * @param options - The address, the credentials, headers and transport: see {@link OpenAIClientOptions}. All are optional:
 *   the environment has the address (`OPENAI_BASE_URL`) and the key (`OPENAI_API_KEY`).
 * @throws InvalidOptionError if an option cannot work, such as a `baseURL` that is not a URL.
 * @example
 * ```ts
 * import { call, client } from "millrace/openai";
 *
 * const viaGateway = client({ baseURL: "https://gateway.example.com/v1", apiKey: process.env["GATEWAY_KEY"] });
 * const recommend = call("gpt-6-sol", { client: viaGateway }, (genre: string) => `Recommend a ${genre} book`);
 * ```
 */
export function client(options: OpenAIClientOptions = {}): Client {
  checkOptions(options, openAIForms, "", OPENAI_ADVICE);
  return createClient(settings, options);
}
