import { InvalidOptionError } from "../../errors.ts";
import { type Client, type ClientSettings, createClient, type Destination, destinationOf } from "../../http/client.ts";
import { aText, checkOptions } from "../../schema/option-form.ts";
import { OPENAI_ADVICE, type OpenAIClientOptions, openAIForms, openAISettings } from "../openai-platform/client.ts";
import { type Dialect, dialectAt, type DialectName, dialectNamed, dialectNames, OPENAI, UNKNOWN } from "./dialects.ts";

/**
 * How to reach OpenAI, or a server that imitates its Chat Completions. An option beats the environment variable for the
 * same setting.
 */
export interface ClientOptions extends OpenAIClientOptions {
  /**
   * Which server it is: that decides the address and the variable of the key, and what is sent and expected. Without it,
   * known addresses are recognised, and any other is taken for a server that does what most do.
   */
  readonly dialect?: DialectName | undefined;
}

/** The servers of clients, where that is not what the environment says. */
const dialects = new WeakMap<object, Dialect>();
/** The clients whose server was named, and is not to be guessed from its address. */
const named = new WeakSet<object>();
const settings = new Map<Dialect, ClientSettings<OpenAIClientOptions>>();

/** Those of one server are always the same: clients are told apart by them. */
function settingsOf(given: Dialect): ClientSettings<OpenAIClientOptions> {
  const dialect = given === UNKNOWN ? OPENAI : given;
  // Another server's address is not looked up where that of OpenAI's is.
  const made = settings.get(dialect) ?? openAISettings({ baseURLVariable: "", ...dialect });
  settings.set(dialect, made);
  return made;
}

/**
 * Makes a client: the address of a server, and the credentials for it.
 *
 * @param options - The server, its address, the credentials, headers and transport: see {@link ClientOptions}. All are
 *   optional: the environment has the address (`OPENAI_BASE_URL`) and the key (`OPENAI_API_KEY`), or that of the server
 *   that `dialect` names.
 * @throws InvalidOptionError if an option cannot work, such as a `baseURL` that is not a URL.
 * @example
 * ```ts
 * import { call, client } from "millrace/openai/chat";
 *
 * const ollama = client({ dialect: "ollama" });
 * const recommend = call("qwen3", { client: ollama, stream: true }, (genre: string) => `Recommend a ${genre} book`);
 * ```
 */
export function client(options: ClientOptions = {}): Client {
  checkOptions(options, { ...openAIForms, dialect: aText }, "", OPENAI_ADVICE);
  const { dialect: name, ...given } = options;
  const dialect = name === undefined ? dialectOf(given) : dialectNamed(name);
  if (dialect === undefined) {
    throw new InvalidOptionError("dialect", `it must be one of ${dialectNames().join(", ")}; leave it out for others.`);
  }
  const made = createClient(settingsOf(dialect), given);
  dialects.set(made, dialect);
  if (name !== undefined) named.add(made);
  return made;
}

/** Without an address it is OpenAI, or what the environment says. */
function dialectOf({ baseURL }: OpenAIClientOptions): Dialect {
  return baseURL === undefined ? OPENAI : dialectAt(baseURL);
}

/** Where the requests of a client go, and what server that is. */
export function chatDestination(client: unknown): Destination & { readonly dialect: Dialect } {
  const known = dialects.get(Object(client)) ?? OPENAI;
  const found = destinationOf(settingsOf(known), client);
  const isNamed = named.has(Object(client));
  return { ...found, dialect: known === OPENAI && !isNamed ? dialectAt(found.baseURL) : known };
}
