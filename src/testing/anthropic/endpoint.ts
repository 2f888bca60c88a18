import type { DeliveryOptions } from "../delivery.ts";
import type { Exchange } from "../http-server.ts";
import { type Random, seededRandom } from "../random.ts";
import type { RecordedRequest } from "../recorded-request.ts";
import { type ErrorScript, reply, type Script } from "../script.ts";
import { decorated, parseEvent, scriptEvents } from "../script-events.ts";
import { errorPage, merged, overridden, send, sendStream } from "../send.ts";
import type { Wire, WireEvent } from "../wire.ts";
import { estimateInput } from "./estimate.ts";
import { foldEvents } from "./fold.ts";
import { isJsonObject, type JsonObject, textOf } from "../json.ts";
import { modelInfo, modelList } from "./models-endpoint.ts";
import { notFound, type Problem, problemBody, shouldRetry } from "./problem.ts";
import { replyEvents } from "./reply-events.ts";
import type { SentBlocks } from "./sent.ts";
import { statusOf, usualError } from "./usual-error.ts";
import { bodyProblem, findModel, headerProblem, parseBody, type ParsedBody, type Validation } from "./validate.ts";
import { messagesWire } from "./wire.ts";

/** What the endpoints of a fake Messages API share. */
export interface Endpoint {
  readonly validation: Omit<Validation, "sent"> & { readonly sent: SentBlocks };
  readonly delivery: DeliveryOptions;
  readonly seed: number;
  /** Picks the script for the next reply. */
  nextScript(request: RecordedRequest): Script | Promise<Script>;
}

const ROUTES: readonly (readonly [method: string, path: RegExp, answer: Answer])[] = [
  ["POST", /^\/v1\/messages$/, answerMessage],
  ["POST", /^\/v1\/messages\/count_tokens$/, answerCount],
  ["GET", /^\/v1\/models$/, answerModels],
  ["GET", /^\/v1\/models\/(.+)$/, answerModel],
];

/** One request, with everything needed to answer it. */
interface Call extends Exchange {
  readonly endpoint: Endpoint;
  readonly random: Random;
  readonly wire: Wire;
  readonly requestId: string;
  /** The part of the path that the route captured, decoded. */
  readonly captured: string;
}

type Answer = (call: Call) => Promise<void>;

/** Answers one request to the fake Messages API. */
export function answer(exchange: Exchange, endpoint: Endpoint): Promise<void> {
  // Each request has its own random numbers, so concurrent requests get the same ones as consecutive requests.
  const random = seededRandom(endpoint.seed * 65_537 + exchange.recorded.index);
  const call = {
    ...exchange,
    endpoint,
    random,
    wire: messagesWire(random),
    requestId: random.id("req_"),
    captured: "",
  };
  const matching = ROUTES.filter(([, path]) => path.test(exchange.url.pathname));
  const route = matching.find(([method]) => method === exchange.recorded.method);
  if (route === undefined) {
    const problem = { status: 405, type: "invalid_request_error", message: "Method Not Allowed" };
    return sendProblem(call, matching.length > 0 ? problem : notFound("Not Found"));
  }
  const problem = headerProblem(exchange.headers, endpoint.validation);
  if (problem !== null) return sendProblem(call, problem);
  const captured = route[1].exec(exchange.url.pathname)?.[1] ?? "";
  return route[2]({ ...call, captured: decoded(captured) });
}

/** Text without its percent escapes, or as it is if they are malformed. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

async function answerModels(call: Call): Promise<void> {
  await sendJson(call, 200, JSON.stringify(modelList(call.url.searchParams, call.endpoint.validation.models)));
}

async function answerModel(call: Call): Promise<void> {
  const model = findModel(call.captured, call.endpoint.validation);
  if (model === null) return sendProblem(call, notFound(`model: ${call.captured}`));
  await sendJson(call, 200, JSON.stringify(modelInfo(model)));
}

async function answerCount(call: Call): Promise<void> {
  const checked = checkedBody(call, "count");
  if (checked.problem !== undefined) return sendProblem(call, checked.problem);
  await sendJson(call, 200, JSON.stringify({ input_tokens: estimateInput(checked.body) }));
}

async function answerMessage(call: Call): Promise<void> {
  const checked = checkedBody(call, "message");
  if (checked.problem !== undefined) return sendProblem(call, checked.problem);
  const { body } = checked;
  const { endpoint, random, recorded } = call;
  const next = await endpoint.nextScript(recorded);
  const script = typeof next === "string" ? reply(next) : next;
  if (script.kind === "error") return sendError(call, script);
  const delivery = merged(endpoint.delivery, script.options);
  const asked = { model: resolvedModel(body, endpoint), inputTokens: estimateInput(body) };
  const plain =
    script.kind === "reply"
      ? replyEvents({ ...script, options: { ...delivery, ...script.options } }, asked, random)
      : await scriptEvents(script);
  endpoint.validation.sent.remember(plain.map(parseEvent).filter((event) => event !== null));
  await call.writer.wait(delivery.firstDelayMs ?? 0);
  if (delivery.noResponse === true) return call.writer.destroy(delivery.reset);
  if (body["stream"] === true) {
    const wire = messagesWire(random, delivery.pad);
    const events = decorated(plain, delivery, wire);
    return sendStream(call.writer, events, events.length, commonHeaders(call), delivery, wire);
  }
  // `max_tokens: 0` only fills the cache. Nothing is generated, whatever the script says.
  return sendMessage(call, body["max_tokens"] === 0 ? replyEvents(nothing, asked, random) : plain, delivery);
}

const nothing = { kind: "reply", parts: [], options: { stopReason: "max_tokens" } } as const;

function checkedBody(call: Call, kind: "message" | "count"): ParsedBody {
  const parsed = parseBody(call.bodyText);
  if (parsed.problem !== undefined) return parsed;
  const problem = bodyProblem(parsed.body, call.headers, kind, call.endpoint.validation);
  return problem === null ? parsed : { problem };
}

function resolvedModel(body: JsonObject, { validation }: Endpoint): string {
  const id = textOf(body["model"] ?? "claude-sonnet-5-5");
  return findModel(id, validation)?.id ?? id;
}

/** Sends the message that the events add up to. An `error` event becomes the error response that it stands for. */
async function sendMessage(call: Call, events: readonly WireEvent[], delivery: DeliveryOptions): Promise<void> {
  const parsed = events.map(parseEvent).filter((event) => event !== null);
  const failure = parsed.find(({ type }) => type === "error")?.["error"];
  if (isJsonObject(failure)) {
    const type = textOf(failure["type"]);
    return sendProblem(call, { status: statusOf(type), type, message: textOf(failure["message"]) });
  }
  await sendJson(call, 200, JSON.stringify(foldEvents(parsed)), delivery);
}

async function sendError(call: Call, { status, options, ...given }: ErrorScript): Promise<void> {
  const { headers, details, firstDelayMs = 0, gzip } = options;
  await call.writer.wait(firstDelayMs);
  const [type, message] = usualError(status);
  const problem = { status, type: given.type ?? type, message: given.message ?? message, details };
  const page = errorPage(status, problem.message, options.body);
  if (page === null) return sendProblem(call, problem, headers, gzip);
  await send(call.writer, status, page[0], overridden({ "content-type": page[1] }, headers), { gzip }, call.wire);
}

function sendProblem(
  call: Call,
  problem: Problem,
  headers?: ErrorScript["options"]["headers"],
  gzip?: boolean,
): Promise<void> {
  const { status } = problem;
  const retry = { "x-should-retry": String(shouldRetry(status)) };
  const usual = overridden({ "content-type": "application/json", ...commonHeaders(call), ...retry }, headers);
  return send(call.writer, status, problemBody(problem, call.requestId), usual, { gzip }, call.wire);
}

function sendJson(call: Call, status: number, json: string, delivery: DeliveryOptions = {}): Promise<void> {
  const { contentType = "application/json" } = delivery;
  return send(call.writer, status, json, { "content-type": contentType, ...commonHeaders(call) }, delivery, call.wire);
}

function commonHeaders({ requestId, endpoint: { seed } }: Call): Record<string, string> {
  const reset = new Date(Date.now() + 60_000).toISOString().replace(/\.\d+Z$/, "Z");
  const limit = (name: string, most: number, left: number): Record<string, string> => ({
    [`anthropic-ratelimit-${name}-limit`]: String(most),
    [`anthropic-ratelimit-${name}-remaining`]: String(left),
    [`anthropic-ratelimit-${name}-reset`]: reset,
  });
  return {
    "request-id": requestId,
    "anthropic-organization-id": `00000000-0000-4000-8000-${String(seed).padStart(12, "0")}`,
    ...limit("requests", 4000, 3999),
    ...limit("input-tokens", 2_000_000, 1_999_000),
    ...limit("output-tokens", 400_000, 399_000),
    ...limit("tokens", 2_400_000, 2_398_000),
  };
}
