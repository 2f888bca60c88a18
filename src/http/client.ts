import { defaultTransport } from "#platform";
import { InvalidOptionError, MissingApiKeyError } from "../errors.ts";
import { shownAs } from "../json/inspectable.ts";
import { aFlag, aFunction, anObject, aText, type Forms, shown } from "../schema/option-form.ts";
import { type Fetch, fetchTransport } from "./fetch.ts";
import type { Transport } from "./request.ts";

/** How to reach a provider's API. An option beats the environment variable for the same setting. */
export interface ClientOptions {
  /**
   * The address of the API. White space around it and a slash at its end do not count; a query stays at the end of the
   * URL. In a browser it may be a path, such as `/api`: see {@link dangerouslyAllowBrowser}.
   */
  readonly baseURL?: string | undefined;
  /** Headers to send with every request. They replace the library's own. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Sends the requests, instead of the runtime's own transport. */
  readonly fetch?: Fetch | undefined;
  /** A `node:http` or `node:https` Agent (for a proxy, say). For Node's own transport only. */
  readonly agent?: object | undefined;
  /** Allows an `http:` baseURL on another machine. The key then travels unencrypted. */
  readonly allowHttp?: boolean | undefined;
  /**
   * Allows a key in a browser, where every visitor can read it. Better: let a server of your own add it, and pass the
   * address of that as `baseURL`. No key is needed then.
   */
  readonly dangerouslyAllowBrowser?: boolean | undefined;
}

/** The forms of these options. */
export const clientForms: Forms = {
  baseURL: aText,
  headers: anObject,
  fetch: aFunction,
  agent: anObject,
  allowHttp: aFlag,
  dangerouslyAllowBrowser: aFlag,
};

/** A client made by a provider's `client()`. Its credentials cannot be read from it. */
export interface Client {
  /** Tells a client from an official SDK's. */
  readonly kind: "millrace.client";
}

/** Where and how requests go. */
export interface Destination<Options extends ClientOptions = ClientOptions> {
  /** The client's options: what signs requests, say. */
  readonly options: Options;
  /** Without a slash at its end. */
  readonly baseURL: string;
  /** The query that belongs at the end of a URL: `""`, or with its question mark. */
  readonly query: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly transport: Transport;
  readonly agent: unknown;
}

/** The settings in which the clients of providers differ. */
export interface ClientSettings<Options extends ClientOptions> {
  /** The address that is used if none is given. */
  readonly baseURL: string;
  /** The environment variable that may hold another address. */
  readonly baseURLVariable: string;
  /** The environment variable that may hold a key. */
  readonly keyVariable: string;
  /** The headers that identify the caller; null if there is nothing to make them of. */
  credentials(options: Options): Readonly<Record<string, string>> | null;
  /** The other headers of every request. */
  headers(options: Options, inBrowser: boolean): Readonly<Record<string, string>>;
}

/** Where the requests of clients go. Kept apart from the clients themselves, where a log could show it. */
const destinations = new WeakMap<object, (settings: object) => unknown>();

/** Makes a client of a provider. */
export function createClient<Options extends ClientOptions>(
  settings: ClientSettings<Options>,
  options: Options,
): Client {
  lowerCased(options.headers ?? {});
  const fields = (): object => ({ baseURL: shownAddress(options.baseURL, settings) });
  const client: Client = Object.freeze(shownAs<Client>({ kind: "millrace.client" }, "Client", fields));
  // Made here, so that a program without `client()` does not bundle it.
  const transport = options.fetch && fetchTransport(options.fetch);
  destinations.set(client, (asked) => (asked === settings ? resolve(settings, options, transport) : null));
  return client;
}

/** The address without what may be secret in it: credentials, and a query. */
function shownAddress(given: string | undefined, settings: ClientSettings<never>): string {
  const address = String(given ?? defaultAddress(settings)).trim();
  return address.replace(/^(\w+:\/\/)?[^/?#]*@/, "$1").replace(/[?#].*/s, "");
}

/**
 * Looks up where the requests of a client go.
 *
 * @param client - A client of the same provider, or undefined for one that is read from the environment.
 * @throws InvalidOptionError for anything else: it may never be mistaken for the environment's client.
 */
export function destinationOf<Options extends ClientOptions>(
  settings: ClientSettings<Options>,
  client: unknown,
): Destination<Options> {
  if (client === undefined) return resolve(settings, {} as Options);
  const known = destinations.get(client as object)?.(settings);
  // The same settings: the same options.
  if (known) return known as Destination<Options>;
  throw new InvalidOptionError(
    "client",
    "pass what client() of this provider returned, not a copy, its options or a key.",
  );
}

function resolve<Options extends ClientOptions>(
  settings: ClientSettings<Options>,
  options: Options,
  transport: Transport = defaultTransport,
): Destination<Options> {
  const inBrowser = "window" in globalThis && "document" in globalThis;
  const { location } = globalThis as { location?: { readonly href: string } };
  const { baseURL = defaultAddress(settings) } = options;
  const credentials = settings.credentials(options);
  // A page may leave them to a server of its own.
  const isOpen = !credentials && location && options.baseURL;
  if (inBrowser && !isOpen && options.dangerouslyAllowBrowser !== true) {
    throw new InvalidOptionError(
      "client",
      "every visitor could read the key. Let a server of yours add it (baseURL), or see dangerouslyAllowBrowser.",
    );
  }
  if (!credentials && !isOpen) throw new MissingApiKeyError(settings.keyVariable);
  return {
    options,
    ...addressOf(String(baseURL).trim(), options.allowHttp === true, location?.href),
    headers: lowerCased({
      "content-type": "application/json",
      "accept-encoding": "identity",
      "user-agent": "millrace",
      ...settings.headers(options, inBrowser),
      ...credentials,
      ...options.headers,
    }),
    transport,
    agent: options.agent,
  };
}

/** The address of a client that is given none. */
function defaultAddress({
  baseURL,
  baseURLVariable,
}: Pick<ClientSettings<never>, "baseURL" | "baseURLVariable">): string {
  return environment(baseURLVariable) ?? baseURL;
}

/** Headers under their lower-case names, checked here because transports quote a bad value in their errors. */
export function lowerCased(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  const checked: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[!#-'*+.^`|~\w-]+$/.test(name) || typeof value !== "string" || /[^\t\x20-\x7e\x80-\xff]/.test(value)) {
      throw new InvalidOptionError(`header ${shown(name)}`, "its name and value must be text that headers allow.");
    }
    checked[name.toLowerCase()] = value;
  }
  return checked;
}

/** Names and addresses of this machine. */
const LOOPBACK = /^((.+\.)?localhost|\[::1\]|127\.\d+\.\d+\.\d+|0\.0\.0\.0)$/;

/** @param page - The address of the page that the program runs in, if it does. */
function addressOf(given: string, allowHttp: boolean, page?: string): Pick<Destination, "baseURL" | "query"> {
  // `URL` would take a name without a scheme for a path, too.
  const isPath = /^\.{0,2}\//.test(given);
  const base = isPath ? page : undefined;
  const url = new URL(URL.canParse(given, base) ? given : "none:", base);
  const { protocol, hostname, username, password, origin, pathname, search } = url;
  const refuse = (problem: string): never => {
    throw new InvalidOptionError("baseURL", problem);
  };
  if (!/^https?:/.test(protocol)) refuse("write it in full, such as https://gateway.example.com/api.");
  if (username || password) refuse("pass its credentials as options.");
  if (protocol === "http:" && !allowHttp && !isPath && !LOOPBACK.test(hostname)) {
    refuse(`the key would go to ${hostname} unencrypted. Use https:, or set allowHttp.`);
  }
  return { baseURL: origin + pathname.replace(/(?<!\/)\/+$/, ""), query: search };
}

/** An environment variable; undefined if it is empty, or if there is no environment. */
export function environment(name: string): string | undefined {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  return process?.env?.[name] || undefined;
}
