import type { Provider } from "../../provider/provider.ts";
import { errorFromResponse, requestIdOf } from "../openai-platform/errors.ts";
import { openAIPrices } from "../openai-platform/price.ts";
import { limitGroup, rateLimit } from "../openai-platform/rate-limit.ts";
import { createChunk } from "./chunk.ts";
import { commonMessages } from "./common-message.ts";
import { continuation } from "./continuation.ts";
import { createEventFrames } from "./frames.ts";
import { OpenAIDecoder } from "./decode.ts";
import { callParamsForm, encode, encodeToolResults } from "./encode.ts";
import { LABEL } from "./message.ts";
import type { OpenAINative } from "./native.ts";
import { nativeParams } from "./params.ts";
import { sendable } from "./turn.ts";
import { openAIViews, refusalOf } from "./view.ts";
import { withoutRequest } from "./without-request.ts";

/** The Responses API of OpenAI, as the core knows it. */
export const openai: Provider<OpenAINative> = {
  name: "openai",
  entry: "millrace/openai",
  label: LABEL,
  optionForms: { callParams: callParamsForm, prices: openAIPrices },
  nativeParams,
  encode,
  isItem: (value) => "type" in value && typeof value.type === "string",
  createDecoder: (before) => new OpenAIDecoder(before),
  createEventFrames,
  withoutRequest,
  createChunk,
  sendable,
  turn: (items) => items,
  common: commonMessages,
  toolResults: encodeToolResults,
  continuation,
  errorFromResponse: /* @__PURE__ */ errorFromResponse(LABEL),
  requestId: requestIdOf,
  limitGroup,
  rateLimit,
  views: openAIViews,
  accessors: (message) => ({ refusal: refusalOf(message) }),
};
