import type { Exchange } from "../http-server.ts";
import { type Call, callOf, type Endpoint, sendJson, sendProblem } from "./call.ts";
import { answerChat } from "./chat-endpoint.ts";
import { keyProblem } from "./check.ts";
import { isKnownModel, modelInfo, modelList } from "./model-rules.ts";
import { invalid, notFound } from "./problem.ts";
import {
  answerCancel,
  answerCount,
  answerDelete,
  answerInputItems,
  answerResponse,
  answerStored,
} from "./responses-endpoint.ts";
import { chatWire, responsesWire } from "./wire.ts";

type Answer = (call: Call) => Promise<void>;

const ROUTES: readonly (readonly [method: string, path: RegExp, answer: Answer])[] = [
  ["POST", /\/chat\/completions$/, answerChat],
  ["POST", /\/responses$/, answerResponse],
  ["POST", /\/responses\/input_tokens$/, answerCount],
  ["GET", /\/responses\/([^/]+)$/, answerStored],
  ["DELETE", /\/responses\/([^/]+)$/, answerDelete],
  ["POST", /\/responses\/([^/]+)\/cancel$/, answerCancel],
  ["GET", /\/responses\/([^/]+)\/input_items$/, answerInputItems],
  ["GET", /\/models$/, (call) => sendJson(call, modelList(call.endpoint.models))],
  ["GET", /\/models\/([^/]+)$/, answerModel],
];

/** The parts of a path that servers have before the endpoint's. */
const BASE = /^\/(v1|openai\/v1|api\/v1|v1beta\/openai|inference\/v1|openai)?(?=\/)/;

/** Answers one request to the fake. */
export function answer(exchange: Exchange, endpoint: Endpoint): Promise<void> {
  const { pathname } = exchange.url;
  const isChat = pathname.includes("/chat/");
  const call = callOf(exchange, endpoint, isChat ? chatWire : responsesWire);
  const matching = ROUTES.filter(([, path]) => path.test(pathname) && BASE.test(pathname));
  const route = matching.find(([method]) => method === exchange.recorded.method);
  if (route === undefined) {
    const { method } = exchange.recorded;
    const problem = { ...invalid(`Not allowed to ${method} on ${pathname}.`), status: 405 };
    return sendProblem(call, matching.length > 0 ? problem : notFound(`Invalid URL (${method} ${pathname})`));
  }
  const problem = keyProblem(exchange.headers, endpoint.apiKey, endpoint.validate && endpoint.isOpenAI);
  if (problem !== null) return sendProblem(call, problem);
  return route[2]({ ...call, captured: route[1].exec(pathname)?.[1] ?? "" });
}

async function answerModel(call: Call): Promise<void> {
  const { captured: id, endpoint } = call;
  if (isKnownModel(id, endpoint.models)) return sendJson(call, modelInfo(id));
  return sendProblem(call, notFound(`The model '${id}' does not exist`, "model_not_found"));
}
