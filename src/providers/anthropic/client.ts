import { InvalidOptionError, MissingApiKeyError } from "../../errors.ts";
import { type Fetch, fetchTransport } from "../../http/fetch.ts";
import type { Transport } from "../../http/request.ts";
import { defaultTransport } from "#platform";

/** How to reach the Messages API. Each option beats the environment variable of its name. */
export interface ClientOptions {
  /** Sent as `x-api-key`. Default: `ANTHROPIC_API_KEY`. */
  readonly apiKey?: string | undefined;
  /** Sent as `authorization: Bearer …`, and then alone. Default: `ANTHROPIC_AUTH_TOKEN`. */
  readonly authToken?: string | undefined;
  /** Where the API is, without `/v1/messages`. Default: `ANTHROPIC_BASE_URL`, else `https://api.anthropic.com`. */
  readonly baseURL?: string | undefined;
  /** The `anthropic-version` header. Default `2023-06-01`. */
  readonly apiVersion?: string | undefined;
  /** Headers sent with every request, over the library's own. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Sends the requests, instead of the runtime's own transport. */
  readonly fetch?: Fetch | undefined;
  /** A `node:http` or `node:https` Agent (a proxy's, say), where that is the transport. */
  readonly agent?: object | undefined;
  /** Allows an `http:` baseURL that is not on this machine. The key then travels in the clear. */
  readonly allowHttp?: boolean | undefined;
  /** Allows a key in a browser, where every visitor can read it. */
  readonly dangerouslyAllowBrowser?: boolean | undefined;
}

/** A client made by {@link client}. Its credentials cannot be read off it. */
export interface Client {
  readonly kind: "millrace.client";
}

/** An official SDK client, by its shape: `Anthropic`, `AnthropicBedrock`, `AnthropicVertex`. */
export interface SdkClient {
  readonly messages: { create(body: never, options?: never): unknown };
}

/** Where and how a request goes. Nothing of it is read off the environment but what the options leave open. */
export interface Destination {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly transport: Transport;
  readonly agent: unknown;
}

const optionsOf = new WeakMap<object, ClientOptions>();

/**
 * Makes a client: where the Messages API is, and who asks.
 *
 * @example
 * ```ts
 * import { call, client } from "millrace/anthropic";
 *
 * const viaGateway = client({ baseURL: "https://gateway.example.com", authToken: process.env["GATEWAY_TOKEN"] });
 * const recommend = call("claude-sonnet-5-5", { client: viaGateway }, (genre: string) => `Recommend a ${genre} book`);
 * ```
 */
export function client(options: ClientOptions = {}): Client {
  const made: Client = { kind: "millrace.client" };
  optionsOf.set(made, options);
  return made;
}

export function isSdkClient(candidate: Client | SdkClient | undefined): candidate is SdkClient {
  return candidate !== undefined && "messages" in candidate;
}

/**
 * Resolves options and environment.
 *
 * @throws MissingApiKeyError, InvalidOptionError
 */
export function destination(made: Client | undefined): Destination {
  const known = made && destinations.get(made);
  if (known !== undefined) return known;
  const options = (made && optionsOf.get(made)) ?? {};
  const found = resolve(options);
  // The environment may change; options cannot.
  const isFixed = options.baseURL !== undefined && (options.apiKey ?? options.authToken) !== undefined;
  if (made !== undefined && isFixed) destinations.set(made, found);
  return found;
}

const destinations = new WeakMap<Client, Destination>();

function resolve(options: ClientOptions): Destination {
  const baseURL = checkedBaseURL(options.baseURL ?? environment("ANTHROPIC_BASE_URL"), options);
  const { authToken, apiKey } = credentials(options);
  if (isBrowser() && options.dangerouslyAllowBrowser !== true) {
    throw new InvalidOptionError(
      "client",
      "in a browser every visitor can read the key. Call your own server instead, or set dangerouslyAllowBrowser.",
    );
  }
  return {
    url: `${baseURL}/v1/messages`,
    headers: {
      "content-type": "application/json",
      "accept-encoding": "identity",
      "user-agent": "millrace",
      "anthropic-version": options.apiVersion ?? "2023-06-01",
      ...(authToken === undefined ? { "x-api-key": apiKey } : { authorization: `Bearer ${authToken}` }),
      ...(isBrowser() ? { "anthropic-dangerous-direct-browser-access": "true" } : {}),
      ...lowerCased(options.headers ?? {}),
    },
    transport: options.fetch === undefined ? defaultTransport : fetchTransport(options.fetch),
    agent: options.agent,
  };
}

/** Headers by their lower-case names, checked: what the transports say of a bad value may quote it. */
export function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), checkedValue(`header ${name}`, value)]),
  );
}

type Credentials = { authToken: string; apiKey?: undefined } | { authToken?: undefined; apiKey: string };

function credentials(options: ClientOptions): Credentials {
  const { authToken, apiKey } = options;
  // A credential that was passed beats both variables.
  const fromEnvironment = authToken === undefined && apiKey === undefined;
  const token = fromEnvironment ? environment("ANTHROPIC_AUTH_TOKEN") : authToken;
  if (token !== undefined) return { authToken: checkedValue("authToken", token) };
  const key = fromEnvironment ? environment("ANTHROPIC_API_KEY") : apiKey;
  if (key === undefined || key === "") throw new MissingApiKeyError("ANTHROPIC_API_KEY");
  return { apiKey: checkedValue("apiKey", key) };
}

function checkedValue(option: string, value: string): string {
  if (/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) return value;
  throw new InvalidOptionError(option, "it has a character that no header may have (a line break, perhaps).");
}

function checkedBaseURL(given: string | undefined, { allowHttp }: ClientOptions): string {
  const text = given ?? "https://api.anthropic.com";
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw new InvalidOptionError("baseURL", `"${text}" is not an https: URL.`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new InvalidOptionError("baseURL", "it must not hold credentials: use apiKey or authToken.");
  }
  if (url.protocol === "http:" && !isLoopback(url.hostname) && allowHttp !== true) {
    throw new InvalidOptionError("baseURL", `"${text}" would send the key in the clear. Use https:, or set allowHttp.`);
  }
  return text.replace(/\/+$/, "");
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function isBrowser(): boolean {
  return "window" in globalThis && "document" in globalThis;
}

function environment(name: string): string | undefined {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  const value = process?.env?.[name];
  return value === "" ? undefined : value;
}
