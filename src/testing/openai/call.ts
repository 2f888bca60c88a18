import type { DeliveryOptions } from "../delivery.ts";
import type { Exchange } from "../http-server.ts";
import { isJsonObject, type JsonObject } from "../json.ts";
import { parsedBody } from "../parsed-body.ts";
import { type Random, seededRandom } from "../random.ts";
import type { ErrorScript, ReplyScript, Script } from "../script.ts";
import { reply } from "../script.ts";
import type { ScriptSource } from "../script-source.ts";
import { errorPage, overridden, send } from "../send.ts";
import type { Wire } from "../wire.ts";
import type { DialectRules } from "./dialect.ts";
import type { Oddity } from "./oddity.ts";
import { errorObject, invalid, type Problem, shouldRetry, usualProblem } from "./problem.ts";
import type { ResponseStore } from "./store.ts";

/** What the endpoints of one fake server share. */
export interface Endpoint {
  /** The only key to accept; undefined to accept any. */
  readonly apiKey: string | undefined;
  /** False to refuse only requests that cannot be answered at all. */
  readonly validate: boolean;
  /** Ids of models to accept besides the known ones. */
  readonly models: readonly string[];
  /** Parameters to accept besides the known ones. */
  readonly fields: readonly string[];
  readonly isOpenAI: boolean;
  readonly rules: DialectRules;
  readonly oddities: readonly Oddity[];
  readonly delivery: DeliveryOptions;
  /** How streams that are resumed are delivered, in turn. */
  readonly resumes: readonly DeliveryOptions[];
  readonly seed: number;
  readonly store: ResponseStore;
  /** Picks the script for the next reply. */
  readonly nextScript: ScriptSource;
}

/** One request, with everything needed to answer it. */
export interface Call extends Exchange {
  readonly endpoint: Endpoint;
  readonly random: Random;
  readonly requestId: string;
  /** The part of the path that the route captured. */
  readonly captured: string;
  readonly wire: Wire;
}

/** A request, before it is known which endpoint answers it. */
export function callOf(exchange: Exchange, endpoint: Endpoint, wire: Wire): Call {
  // Each request has its own random numbers, so concurrent requests get the same ones as consecutive requests.
  const random = seededRandom(endpoint.seed * 65_537 + exchange.recorded.index);
  return { ...exchange, endpoint, random, requestId: random.id("req_"), captured: "", wire };
}

/** The body of a request; null if an error was sent in its place. */
export async function bodyOf(call: Call): Promise<JsonObject | null> {
  const parsed = parsedBody(call.bodyText);
  if (isJsonObject(parsed)) return parsed;
  await sendProblem(call, { ...invalid(parsed), status: call.bodyText === null ? 413 : 400 });
  return null;
}

/** The script for a request. A text is a reply. */
export async function scriptFor(call: Call): Promise<Exclude<Script, string>> {
  const script = await call.endpoint.nextScript(call.recorded);
  return typeof script === "string" ? reply(script) : script;
}

/** The options of a reply over those of the server. */
export function replyWith(script: ReplyScript, delivery: DeliveryOptions): ReplyScript {
  return { ...script, options: { ...delivery, ...script.options } };
}

/** Sends a scripted error. */
export async function sendError(call: Call, { status, type, message, options }: ErrorScript): Promise<void> {
  const { headers, details, firstDelayMs = 0, gzip } = options;
  await call.writer.wait(firstDelayMs);
  const problem = usualProblem(status, type, message, details);
  const page = errorPage(status, problem.message, options.body);
  if (page === null) return sendProblem(call, problem, headers, gzip);
  await send(call.writer, status, page[0], overridden({ "content-type": page[1] }, headers), { gzip }, call.wire);
}

/** Sends an error. */
export function sendProblem(
  call: Call,
  problem: Problem,
  headers?: ErrorScript["options"]["headers"],
  gzip?: boolean,
): Promise<void> {
  const usual = { ...commonHeaders(call), "x-should-retry": String(shouldRetry(problem)) };
  const json = JSON.stringify({ error: errorObject(problem) });
  return send(call.writer, problem.status, json, overridden({ ...usual, ...JSON_TYPE }, headers), { gzip }, call.wire);
}

const JSON_TYPE = { "content-type": "application/json" };

/** Sends a value as JSON. */
export function sendJson(call: Call, value: unknown, delivery: DeliveryOptions = {}): Promise<void> {
  const { contentType = "application/json" } = delivery;
  const headers = { "content-type": contentType, ...commonHeaders(call) };
  return send(call.writer, 200, JSON.stringify(value), headers, delivery, call.wire);
}

/** The headers of every response. */
export function commonHeaders({ requestId, endpoint: { seed } }: Call): Record<string, string> {
  return {
    "x-request-id": requestId,
    "openai-organization": `org-${String(seed).padStart(8, "0")}`,
    "openai-processing-ms": "12",
    "openai-version": "2020-10-01",
    "x-ratelimit-limit-requests": "10000",
    "x-ratelimit-limit-tokens": "2000000",
    "x-ratelimit-remaining-requests": "9999",
    "x-ratelimit-remaining-tokens": "1999000",
    "x-ratelimit-reset-requests": "6ms",
    "x-ratelimit-reset-tokens": "30ms",
  };
}
