import type { Provider } from "../../provider/provider.ts";
import { createChunk } from "./chunk.ts";
import { commonMessages } from "./common-message.ts";
import { containerOf, withContainer } from "./container.ts";
import { continuation } from "./continuation.ts";
import { createEventFrames } from "./frames.ts";
import { AnthropicDecoder } from "./decode.ts";
import { callParamsForm, encode, encodeToolResults } from "./encode.ts";
import { errorFromResponse, requestIdOf } from "./errors.ts";
import type { AnthropicNative } from "./native.ts";
import { nativeParams } from "./native-params.ts";
import { anthropicPrices } from "./price.ts";
import { limitGroup, rateLimit } from "./rate-limit.ts";
import { sendable } from "./turn.ts";
import { anthropicViews, signatureOf } from "./view.ts";

/** Anthropic, as the core knows it. */
export const anthropic: Provider<AnthropicNative> = {
  name: "anthropic",
  entry: "millrace/anthropic",
  label: "Anthropic",
  optionForms: { callParams: callParamsForm, prices: anthropicPrices },
  nativeParams,
  encode,
  createDecoder: (before) => new AnthropicDecoder(before),
  createEventFrames,
  createChunk,
  sendable,
  turn: ([turn]) => turn,
  common: commonMessages,
  toolResults: encodeToolResults,
  continuation,
  nextParams: withContainer,
  errorFromResponse,
  requestId: requestIdOf,
  limitGroup,
  rateLimit,
  views: anthropicViews,
  accessors: (message) => ({ signature: signatureOf(message), container: containerOf(message) }),
};
