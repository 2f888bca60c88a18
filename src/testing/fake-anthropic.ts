import { answer } from "./anthropic/endpoint.ts";
import { objectsOf } from "./anthropic/json.ts";
import type { Script } from "./anthropic/script.ts";
import { BODY_LIMIT } from "./anthropic/validate.ts";
import type { DeliveryOptions } from "./delivery.ts";
import { demoText } from "./demo.ts";
import { HttpServer, type HttpServerOptions } from "./http-server.ts";
import type { RecordedRequest } from "./recorded-request.ts";

/** What a fake server answers: always the same, scripts in turn (the last one repeats), or what a function says. */
export type Replies = Script | readonly Script[] | ((request: RecordedRequest) => Script | Promise<Script>);

/** The settings of {@link fakeAnthropic}. How replies travel may be set here for all of them. */
export interface FakeAnthropicOptions extends DeliveryOptions, HttpServerOptions {
  /** What it answers. Default: something pleasant. */
  readonly replies?: Replies | undefined;
  /** The only key or token that it accepts. Default: any. */
  readonly apiKey?: string | undefined;
  /** Whether it refuses what the API refuses, in the same words. Default true. */
  readonly validate?: boolean | undefined;
  /** Ids of models that exist beside Anthropic's; they accept everything. */
  readonly models?: readonly string[] | undefined;
  /** Values of `anthropic-beta` that exist beside those known. */
  readonly betas?: readonly string[] | undefined;
  /** Where ids, signatures and padding come from: with the same seed they are the same. Default 0. */
  readonly seed?: number | undefined;
}

/** A running fake of the Messages API. */
export interface FakeAnthropic extends AsyncDisposable {
  /** Where it is: what a client takes as `baseURL`. */
  readonly url: string;
  readonly port: number;
  /** What it was asked, in order. */
  readonly requests: readonly RecordedRequest[];
  /** How many connections to it are open. */
  readonly connections: number;
  /** The request with that index, as soon as it has come. Default: the first. Rejects when the server closes first. */
  request(index?: number): Promise<RecordedRequest>;
  /** Closes every connection, and the server. */
  close(): Promise<void>;
}

/**
 * Starts a fake of the Messages API: a real HTTP server on this machine, which plays scripts. It streams or answers
 * whole, counts tokens, lists models, and refuses what the API refuses: `POST /v1/messages`,
 * `POST /v1/messages/count_tokens`, `GET /v1/models` and `GET /v1/models/{id}`.
 *
 * @param options - What it answers, and how. See {@link FakeAnthropicOptions}.
 * @throws The error of `node:net`, such as `EADDRINUSE`, where the port is taken.
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
  const {
    replies = defaultReply,
    port,
    tls,
    apiKey,
    validate = true,
    models = [],
    betas = [],
    seed = 0,
    ...delivery
  } = options;
  const endpoint = {
    validation: { apiKey, validate, models, betas, sentThinking: new Map<string, string>() },
    delivery,
    seed,
    nextScript: scriptSource(replies),
  };
  const server = new HttpServer((exchange) => answer(exchange, endpoint), { tls }, BODY_LIMIT);
  await server.listen(port);
  return server;
}

function scriptSource(replies: Replies): (request: RecordedRequest) => Script | Promise<Script> {
  if (typeof replies === "function") return replies;
  const scripts = isList(replies) ? replies : [replies];
  let served = 0;
  return () => {
    const script = scripts[Math.min(served++, scripts.length - 1)];
    if (script === undefined) throw new Error("`replies` is an empty list: there is no script to play.");
    return script;
  };
}

function isList(replies: Script | readonly Script[]): replies is readonly Script[] {
  return Array.isArray(replies);
}

function defaultReply({ body }: RecordedRequest): Script {
  const content = objectsOf(body["messages"]).at(-1)?.["content"];
  const texts = objectsOf(content).map(({ text }) => text);
  return demoText(typeof content === "string" ? content : texts.join(" "));
}
