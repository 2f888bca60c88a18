import { answer } from "./anthropic/endpoint.ts";
import { objectsOf } from "./json.ts";
import type { Script } from "./script.ts";
import { type Replies, scriptSource } from "./script-source.ts";
import { SentBlocks } from "./anthropic/sent.ts";
import { BODY_LIMIT } from "./anthropic/validate.ts";
import type { DeliveryOptions } from "./delivery.ts";
import { demoText } from "./demo.ts";
import { HttpServer, type HttpServerOptions } from "./http-server.ts";
import { checkNames, deliveryNames, type Names } from "./known-options.ts";
import type { RecordedRequest } from "./recorded-request.ts";

/** The settings of {@link fakeAnthropic}. Delivery options given here apply to all replies. */
export interface FakeAnthropicOptions extends DeliveryOptions, HttpServerOptions {
  /** What it answers. Default: a demonstration text. */
  readonly replies?: Replies | undefined;
  /** The only key or token to accept. Default: any. */
  readonly apiKey?: string | undefined;
  /** Whether to refuse what the API refuses, with the same messages, unknown fields included. Default true. */
  readonly validate?: boolean | undefined;
  /** Ids of models to add to Anthropic's. They accept every parameter. */
  readonly models?: readonly string[] | undefined;
  /** Values of `anthropic-beta` to accept besides the known ones. */
  readonly betas?: readonly string[] | undefined;
  /** Fields, and values of `type`, to accept besides the known ones, at any depth. */
  readonly fields?: readonly string[] | undefined;
  /** The seed of ids, signatures and padding, which are the same for the same seed. Default 0. */
  readonly seed?: number | undefined;
}

const names: Names<FakeAnthropicOptions> = {
  replies: true,
  apiKey: true,
  validate: true,
  models: true,
  betas: true,
  fields: true,
  seed: true,
  port: true,
  tls: true,
  ...deliveryNames,
};

/** A running fake of the Messages API. */
export interface FakeAnthropic extends AsyncDisposable {
  /** Its URL, to be used as a client's `baseURL`. */
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

/**
 * Starts a fake of the Messages API: a real HTTP server on this machine that plays scripts. It serves
 * `POST /v1/messages`, streamed or not, `POST /v1/messages/count_tokens`, `GET /v1/models` and `GET /v1/models/{id}`, and
 * refuses what the API refuses.
 *
 * @param options - What to answer, and how. See {@link FakeAnthropicOptions}.
 * @throws {InvalidOptionError} If an option has a name that does not exist.
 * @throws The error of `node:net` if it cannot listen, such as `EADDRINUSE` if the port is taken.
 * @example
 * ```ts
 * import { call, client } from "millrace/anthropic";
 * import { fakeAnthropic, reply, toolUse } from "millrace/testing";
 *
 * await using server = await fakeAnthropic({
 *   replies: [reply(toolUse("get_weather", { city: "Paris" })), "It rains in Paris."],
 *   pace: 5,
 * });
 * const fake = client({ apiKey: "any", baseURL: server.url });
 * const answer = await call("claude-sonnet-5-5", { client: fake }, () => "The weather?")();
 * console.log(answer.finishReasons, server.requests[0]?.body["model"]);
 * ```
 */
export async function fakeAnthropic(options: FakeAnthropicOptions = {}): Promise<FakeAnthropic> {
  checkNames("fakeAnthropic()", options, names);
  const {
    replies = defaultReply,
    port,
    tls,
    apiKey,
    validate = true,
    models = [],
    betas = [],
    fields = [],
    seed = 0,
    ...delivery
  } = options;
  const endpoint = {
    validation: { apiKey, validate, models, betas, fields, sent: new SentBlocks() },
    delivery,
    seed,
    nextScript: scriptSource(replies),
  };
  const server = new HttpServer((exchange) => answer(exchange, endpoint), { tls }, BODY_LIMIT);
  await server.listen(port);
  return server;
}

function defaultReply({ body }: RecordedRequest): Script {
  const content = objectsOf(body["messages"]).at(-1)?.["content"];
  const texts = objectsOf(content).map(({ text }) => (typeof text === "string" ? text : ""));
  return demoText(typeof content === "string" ? content : texts.join(" "));
}
