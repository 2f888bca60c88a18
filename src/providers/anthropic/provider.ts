import type { Provider } from "../../provider.ts";
import { AnthropicDecoder } from "./decode.ts";
import { encode, encodeToolResults } from "./encode.ts";
import { errorFromResponse, requestIdOf } from "./errors.ts";
import type { AnthropicNative } from "./native.ts";
import { anthropicViews } from "./view.ts";

/** Anthropic, as the core knows it. */
export const anthropic: Provider<AnthropicNative> = {
  name: "anthropic",
  encode,
  createDecoder: () => new AnthropicDecoder(),
  toolResults: encodeToolResults,
  errorFromResponse,
  requestId: requestIdOf,
  views: anthropicViews,
};
