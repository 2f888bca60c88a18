import type { Provider } from "../../provider.ts";
import { AnthropicCallResponseChunk } from "./chunk.ts";
import { continuation, join } from "./continuation.ts";
import { AnthropicDecoder } from "./decode.ts";
import { encode, encodeToolResults } from "./encode.ts";
import { errorFromResponse, requestIdOf } from "./errors.ts";
import type { AnthropicNative } from "./native.ts";
import { assistantTurn } from "./turn.ts";
import { anthropicViews } from "./view.ts";
import type { AnthropicEvent } from "./wire.ts";

/** Anthropic, as the core knows it. */
export const anthropic: Provider<AnthropicNative> = {
  name: "anthropic",
  encode,
  createDecoder: () => new AnthropicDecoder(),
  // Our own events, and those whose text was changed, have their text beside them.
  createChunk: (event, content) => new AnthropicCallResponseChunk(content, "", event as AnthropicEvent),
  join,
  continuation,
  turn: assistantTurn,
  toolResults: encodeToolResults,
  errorFromResponse,
  requestId: requestIdOf,
  views: anthropicViews,
};
