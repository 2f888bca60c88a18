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

/** Where and how a request goes. Nothing of it is read off the environment but what the options leave open. */
export interface Destination {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly transport: Transport;
  readonly agent: unknown;
}

/** Not on the client itself, where a log could show them. */
const destinations = new WeakMap<Client, () => Destination>();

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
  // Made here, so that a program without `client()` does not carry it.
  const transport = options.fetch && fetchTransport(options.fetch);
  // The environment may change; options cannot.
  const isFixed = options.baseURL && (options.apiKey ?? options.authToken);
  let known: Destination | undefined;
  destinations.set(made, () => (isFixed ? (known ??= resolve(options, transport)) : resolve(options, transport)));
  return made;
}

/**
 * Resolves options and environment.
 *
 * @throws MissingApiKeyError, InvalidOptionError
 */
export function destination(made: Client | undefined): Destination {
  return (made && destinations.get(made)?.()) ?? resolve({});
}

function resolve(options: ClientOptions, transport: Transport = defaultTransport): Destination {
  const { apiVersion = "2023-06-01", headers = {}, agent, dangerouslyAllowBrowser } = options;
  const inBrowser = "window" in globalThis && "document" in globalThis;
  if (inBrowser && dangerouslyAllowBrowser !== true) {
    throw new InvalidOptionError("client", "a browser shows its key to all. See dangerouslyAllowBrowser.");
  }
  return {
    url: `${checkedBaseURL(options)}/v1/messages`,
    headers: {
      "content-type": "application/json",
      "accept-encoding": "identity",
      "user-agent": "millrace",
      "anthropic-version": apiVersion,
      ...lowerCased(credentials(options)),
      ...(inBrowser && { "anthropic-dangerous-direct-browser-access": "true" }),
      ...lowerCased(headers),
    },
    transport,
    agent,
  };
}

/** Headers by their lower-case names, checked: what the transports say of a bad value may quote it. */
export function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  const checked: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) {
      throw new InvalidOptionError(`header ${name}`, "it has a character that no header may have.");
    }
    checked[name.toLowerCase()] = value;
  }
  return checked;
}

/** The header that says who asks: of a token and a key, the token. */
function credentials({ authToken, apiKey }: ClientOptions): Record<string, string> {
  // A credential that was passed beats both variables.
  const isPassed = authToken !== undefined || apiKey !== undefined;
  const token = isPassed ? authToken : environment("ANTHROPIC_AUTH_TOKEN");
  const key = isPassed ? apiKey : environment(API_KEY);
  if (token) return { authorization: `Bearer ${token}` };
  if (key) return { "x-api-key": key };
  throw new MissingApiKeyError(API_KEY);
}

const API_KEY = "ANTHROPIC_API_KEY";
const LOOPBACK = /^(localhost|\[::1\]|127\.\d+\.\d+\.\d+)$/;

function checkedBaseURL({ baseURL, allowHttp }: ClientOptions): string {
  const text = baseURL ?? environment("ANTHROPIC_BASE_URL") ?? "https://api.anthropic.com";
  const { protocol, hostname, username, password } = URL.canParse(text) ? new URL(text) : { protocol: "" };
  const problem = !/^https?:$/.test(protocol)
    ? "it is no https: URL."
    : username || password
      ? "it must not hold credentials: use apiKey or authToken."
      : protocol === "http:" && allowHttp !== true && !LOOPBACK.test(hostname ?? "")
        ? `"${text}" would send the key in the clear. Use https:, or set allowHttp.`
        : null;
  if (problem !== null) throw new InvalidOptionError("baseURL", problem);
  return text.replace(/\/+$/, "");
}

function environment(name: string): string | undefined {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  return process?.env?.[name] || undefined;
}
