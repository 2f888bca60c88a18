import type { Provider } from "../../provider/provider.ts";
import { errorFromResponse, requestIdOf } from "../openai-platform/errors.ts";
import { openAIPrices } from "../openai-platform/price.ts";
import { limitGroup, rateLimit } from "../openai-platform/rate-limit.ts";
import { createChunk } from "./chunk.ts";
import { commonMessages } from "./common-message.ts";
import { encodeToolResults } from "./content.ts";
import { continuation } from "./continuation.ts";
import { ChatDecoder } from "./decode.ts";
import { createEventFrames, expectedOf } from "./frames.ts";
import { callParamsForm, encode } from "./encode.ts";
import { LABEL, type OpenAIChatNative, PROVIDER } from "./native.ts";
import { nativeParams } from "./params.ts";
import { sendable } from "./turn.ts";
import { accessorsOf, chatViews } from "./view.ts";

/** Chat Completions, as the core knows it. */
export const openAIChat: Provider<OpenAIChatNative> = {
  name: PROVIDER,
  entry: "millrace/openai/chat",
  label: LABEL,
  optionForms: { callParams: callParamsForm, prices: openAIPrices },
  nativeParams,
  encode,
  // A turn that asks for tools may have no content.
  isItem: (value) =>
    "role" in value &&
    (value.role === "tool" || ["tool_calls", "function_call", "audio"].some((key) => Object.hasOwn(value, key))),
  createDecoder: (before) => new ChatDecoder(before),
  // A reply that was kept to its end has had every sign of it that this server gives.
  createEventFrames: (context) => createEventFrames(expectedOf(context), true),
  createChunk,
  sendable,
  turn: (items) => items,
  common: commonMessages,
  toolResults: encodeToolResults,
  continuation,
  errorFromResponse: errorFromResponse(LABEL),
  requestId: requestIdOf,
  limitGroup,
  rateLimit,
  views: chatViews,
  accessors: accessorsOf,
};
