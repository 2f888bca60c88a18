import { InvalidOptionError } from "../errors.ts";
import type { DeliveryOptions } from "./delivery.ts";
import { demoText } from "./demo.ts";
import { HttpServer, type HttpServerOptions } from "./http-server.ts";
import { checkNames, deliveryNames, type Names } from "./known-options.ts";
import { type Dialect, dialects } from "./openai/dialect.ts";
import { answer } from "./openai/endpoint.ts";
import { type Oddity, oddityNames } from "./openai/oddity.ts";
import { lastText } from "./openai/output.ts";
import { ResponseStore } from "./openai/store.ts";
import type { RecordedRequest } from "./recorded-request.ts";
import { type Replies, scriptSource } from "./script-source.ts";

/** The settings of {@link fakeOpenAI}. Delivery options given here apply to all replies. */
export interface FakeOpenAIOptions extends DeliveryOptions, HttpServerOptions {
  /** What it answers. Default: a demonstration text. */
  readonly replies?: Replies | undefined;
  /** The only key to accept. Default: any. */
  readonly apiKey?: string | undefined;
  /** Whether to refuse what the API refuses, with the same messages as far as they are public. Default true. */
  readonly validate?: boolean | undefined;
  /** Ids of models to add to OpenAI's. */
  readonly models?: readonly string[] | undefined;
  /** Parameters to accept besides the known ones. */
  readonly fields?: readonly string[] | undefined;
  /**
   * The server whose Chat Completions it imitates: what that sends otherwise, and what it refuses. Default `"openai"`. The
   * other servers take any model.
   */
  readonly dialect?: Dialect | undefined;
  /** Single deviations that compatible servers were seen to have, of either API. */
  readonly oddities?: readonly Oddity[] | undefined;
  /**
   * How the streams of `GET /v1/responses/{id}` are delivered, in turn; the last one repeats. Default: without faults, at
   * once.
   */
  readonly resumes?: readonly DeliveryOptions[] | undefined;
  /** The seed of ids, tokens and padding, which are the same for the same seed. Default 0. */
  readonly seed?: number | undefined;
}

const names: Names<FakeOpenAIOptions> = {
  replies: true,
  apiKey: true,
  validate: true,
  models: true,
  fields: true,
  dialect: true,
  oddities: true,
  resumes: true,
  seed: true,
  port: true,
  tls: true,
  ...deliveryNames,
};

/** A running fake of OpenAI's APIs. */
export interface FakeOpenAI extends AsyncDisposable {
  /** Its URL with `/v1`, to be used as a client's `baseURL`. */
  readonly url: string;
  /** The port on 127.0.0.1. */
  readonly port: number;
  /** The requests received so far, in order. */
  readonly requests: readonly RecordedRequest[];
  /** How many connections are open. */
  readonly connections: number;
  /**
   * Waits for the request with the given index. Default: the first. Rejects if the server closes first.
   *
   * @param index - Counted from 0.
   */
  request(index?: number): Promise<RecordedRequest>;
  /** Closes all connections and the server. */
  close(): Promise<void>;
}

/** More than the API takes, which is not public. */
const BODY_LIMIT = 64 * 1024 * 1024;

/**
 * Starts a fake of OpenAI's APIs: a real HTTP server on this machine that plays scripts. It serves
 * `POST /v1/chat/completions` and `POST /v1/responses`, streamed or not; `GET`, `DELETE` and `POST …/cancel` of
 * `/v1/responses/{id}`, with what goes on in the background; `POST /v1/responses/input_tokens`; and `GET /v1/models`. It
 * refuses what the APIs refuse.
 *
 * Scripts are those of `fakeAnthropic`: text, thinking, and calls of tools become what either API has for them. A
 * `stopReason` may be a finish reason of Chat Completions.
 *
 * @param options - What to answer, and how. See {@link FakeOpenAIOptions}.
 * @throws {InvalidOptionError} If an option has a name that does not exist.
 * @throws The error of `node:net` if it cannot listen, such as `EADDRINUSE` if the port is taken.
 * @example
 * ```ts
 * import { fakeOpenAI, reply, toolUse } from "millrace/testing";
 *
 * await using server = await fakeOpenAI({
 *   replies: [reply(toolUse("get_weather", { city: "Paris" })), "It rains in Paris."],
 *   pace: 5,
 * });
 * const body = { model: "gpt-5.5", input: "The weather?", stream: true };
 * const headers = { authorization: "Bearer any", "content-type": "application/json" };
 * const response = await fetch(`${server.url}/responses`, { method: "POST", headers, body: JSON.stringify(body) });
 * console.log(await response.text(), server.requests[0]?.body["model"]);
 * ```
 */
export async function fakeOpenAI(options: FakeOpenAIOptions = {}): Promise<FakeOpenAI> {
  checkNames("fakeOpenAI()", options, names);
  const {
    replies = defaultReply,
    port,
    tls,
    apiKey,
    validate = true,
    models = [],
    fields = [],
    dialect = "openai",
    oddities = [],
    resumes = [],
    seed = 0,
    ...delivery
  } = options;
  checkValue("dialect", dialect, Object.keys(dialects));
  for (const oddity of oddities) checkValue("oddities", oddity, oddityNames);
  const endpoint = {
    apiKey,
    validate,
    models,
    fields,
    isOpenAI: dialect === "openai",
    rules: dialects[dialect],
    oddities,
    delivery,
    resumes,
    seed,
    store: new ResponseStore(),
    nextScript: scriptSource(replies),
  };
  const server = new HttpServer((exchange) => answer(exchange, endpoint), { tls }, BODY_LIMIT);
  await server.listen(port);
  return withVersion(server);
}

function checkValue(option: string, value: string, known: readonly string[]): void {
  if (!known.includes(value)) throw new InvalidOptionError(option, `there is no "${value}", only ${known.join(", ")}.`);
}

/** The server, whose URL ends as those of clients do. */
function withVersion(server: HttpServer): FakeOpenAI {
  return {
    url: `${server.url}/v1`,
    port: server.port,
    requests: server.requests,
    get connections() {
      return server.connections;
    },
    request: (index) => server.request(index),
    close: () => server.close(),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

function defaultReply({ body }: RecordedRequest): string {
  return demoText(lastText(body["messages"] ?? body["input"]));
}
