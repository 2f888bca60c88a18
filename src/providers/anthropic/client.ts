import {
  clientForms,
  type Client,
  type ClientOptions as BaseOptions,
  type ClientSettings,
  createClient,
  environment,
} from "../../http/client.ts";
import { aText, checkOptions, type Forms } from "../../schema/option-form.ts";

/** How to reach the Messages API. An option beats the environment variable for the same setting. */
export interface ClientOptions extends BaseOptions {
  /** Sent as `x-api-key`. Default: `ANTHROPIC_API_KEY`. */
  readonly apiKey?: string | undefined;
  /** Sent as `authorization: Bearer …`, and then no key is sent. Default: `ANTHROPIC_AUTH_TOKEN`. */
  readonly authToken?: string | undefined;
  /**
   * The address of the API; `/v1/messages` at its end may be left out, whole or in part. Default: `ANTHROPIC_BASE_URL`,
   * else `https://api.anthropic.com`. In a browser it may be a path, such as `/api`.
   */
  readonly baseURL?: string | undefined;
  /** The `anthropic-version` header. Default `2023-06-01`. */
  readonly apiVersion?: string | undefined;
}

const FORMS: Forms = { ...clientForms, apiKey: aText, authToken: aText, apiVersion: aText };
const ADVICE = {
  defaultHeaders: "headers",
  maxRetries: "the option retry of a call",
  timeout: "the option timeout of a call",
};

const API_KEY = "ANTHROPIC_API_KEY";

/** The settings of Anthropic's clients. */
export const settings: ClientSettings<ClientOptions> = {
  baseURL: "https://api.anthropic.com",
  baseURLVariable: "ANTHROPIC_BASE_URL",
  keyVariable: API_KEY,
  credentials,
  headers: ({ apiVersion = "2023-06-01" }, inBrowser) => ({
    "anthropic-version": apiVersion,
    ...(inBrowser && { "anthropic-dangerous-direct-browser-access": "true" }),
  }),
};

/**
 * Makes a client: the address of the Messages API, and the credentials for it.
 *
 * @param options - The address, the credentials, headers and transport: see {@link ClientOptions}. All are optional:
 *   the environment has the address (`ANTHROPIC_BASE_URL`) and the key (`ANTHROPIC_API_KEY`, `ANTHROPIC_AUTH_TOKEN`).
 * @throws InvalidOptionError if an option cannot work, such as a `baseURL` that is not a URL.
 * @example
 * ```ts
 * import { call, client } from "millrace/anthropic";
 *
 * const viaGateway = client({ baseURL: "https://gateway.example.com", authToken: process.env["GATEWAY_TOKEN"] });
 * const recommend = call("claude-sonnet-5-5", { client: viaGateway }, (genre: string) => `Recommend a ${genre} book`);
 * ```
 */
export function client(options: ClientOptions = {}): Client {
  checkOptions(options, FORMS, "", ADVICE);
  return createClient(settings, options);
}

/** The header that identifies the caller: the token, if there are a token and a key. */
function credentials({ authToken, apiKey }: ClientOptions): Record<string, string> | null {
  // A credential that was passed beats both variables.
  const isPassed = authToken !== undefined || apiKey !== undefined;
  const token = isPassed ? authToken : environment("ANTHROPIC_AUTH_TOKEN");
  const key = isPassed ? apiKey : environment(API_KEY);
  if (token) return { authorization: `Bearer ${token}` };
  return key ? { "x-api-key": key } : null;
}
