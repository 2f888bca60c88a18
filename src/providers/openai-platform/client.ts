import { clientForms, type ClientOptions, type ClientSettings, environment } from "../../http/client.ts";
import { aText, type Forms } from "../../schema/option-form.ts";

/** How to reach an API of OpenAI, or of a server that imitates it. An option beats the environment variable for the same setting. */
export interface OpenAIClientOptions extends ClientOptions {
  /** Sent as `authorization: Bearer …`. Default: `OPENAI_API_KEY`. */
  readonly apiKey?: string | undefined;
  /** Sent as `openai-organization`. Default: `OPENAI_ORG_ID`. */
  readonly organization?: string | undefined;
  /** Sent as `openai-project`. Default: `OPENAI_PROJECT_ID`. */
  readonly project?: string | undefined;
  /**
   * The address of the API, with its version: `https://api.openai.com/v1`, which is the default. Default:
   * `OPENAI_BASE_URL`. The path of an endpoint at its end may be left in. In a browser it may be a path, such as `/api`.
   */
  readonly baseURL?: string | undefined;
}

/** The forms of these options. */
export const openAIForms: Forms = { ...clientForms, apiKey: aText, organization: aText, project: aText };

/** What to write instead of the options of the official SDK. */
export const OPENAI_ADVICE: Readonly<Record<string, string>> = {
  defaultHeaders: "headers",
  defaultQuery: "a query at the end of baseURL",
  maxRetries: "the option retry of a call",
  timeout: "the option timeout of a call",
};

const API_KEY = "OPENAI_API_KEY";

/** Where a server differs from OpenAI's. */
export interface ServerDefaults {
  readonly baseURL?: string | undefined;
  /** The environment variable that may hold another address. */
  readonly baseURLVariable?: string | undefined;
  /** The environment variable that may hold a key; null for a server that needs none. */
  readonly keyVariable?: string | null | undefined;
  /** The header that carries the key as it is. Default: `authorization`, after `Bearer`. */
  readonly keyHeader?: string | undefined;
}

/**
 * The settings of the clients of OpenAI, or of another server.
 *
 * A client that is given an address needs no key: many servers on one's own machine take none.
 */
export function openAISettings({
  baseURL = "https://api.openai.com/v1",
  baseURLVariable = "OPENAI_BASE_URL",
  keyVariable = API_KEY,
  keyHeader,
}: ServerDefaults = {}): ClientSettings<OpenAIClientOptions> {
  return {
    baseURL,
    baseURLVariable,
    keyVariable: keyVariable ?? "",
    credentials(options) {
      const key = options.apiKey ?? environment(keyVariable ?? "");
      if (key) return keyHeader === undefined ? { authorization: `Bearer ${key}` } : { [keyHeader]: key };
      // On a page, a client without credentials is one whose address adds them.
      return (options.baseURL || keyVariable === null) && !("location" in globalThis) ? {} : null;
    },
    headers({ organization, project }) {
      const isOpenAI = keyVariable === API_KEY;
      const account = organization ?? (isOpenAI ? environment("OPENAI_ORG_ID") : undefined);
      const part = project ?? (isOpenAI ? environment("OPENAI_PROJECT_ID") : undefined);
      return { ...(account && { "openai-organization": account }), ...(part && { "openai-project": part }) };
    },
  };
}

/**
 * The URL of an endpoint.
 *
 * @param path - The path below the version, such as `/responses`. It may have a query.
 * @param query - The query of the base URL: `""`, or with its question mark.
 */
export function openAIUrl(baseURL: string, path: string, query: string): string {
  const root = baseURL.replace(/\/(chat\/completions|responses)$/, "");
  const version = /^https:\/\/(\w+\.)?api\.openai\.com$/.test(root) ? "/v1" : "";
  return root + version + path + (path.includes("?") ? query.replace("?", "&") : query);
}
