import type { CallState } from "../../stream/call-state.ts";
import { CallResponse } from "../../stream/response.ts";
import { Stream } from "../../stream/stream.ts";
import type { PairTypes } from "../../tool/pair.ts";
import type { AnthropicNative } from "./native.ts";

/** A whole reply from Anthropic; `.response` is the native message. */
export class AnthropicCallResponse<out T extends PairTypes = PairTypes> extends CallResponse<AnthropicNative, T> {}

/**
 * A reply from Anthropic, while it comes: iterate it as `[chunk, tool]` pairs.
 *
 * @example
 * ```ts
 * import { call } from "millrace/anthropic";
 *
 * const recommend = call("claude-sonnet-5-5", { stream: true }, (genre: string) => `Recommend a ${genre} book`);
 * const stream = recommend("fantasy");
 * for await (const [chunk] of stream) process.stdout.write(chunk.content);
 * console.log(stream.cost, stream.constructCallResponse().usage);
 * ```
 */
export class AnthropicStream<out T extends PairTypes = PairTypes> extends Stream<AnthropicNative, T> {
  override response(): Promise<AnthropicCallResponse<T>> {
    return super.response();
  }

  override constructCallResponse(): AnthropicCallResponse<T> {
    return super.constructCallResponse();
  }

  protected override createResponse(state: CallState<AnthropicNative>): AnthropicCallResponse<T> {
    return new AnthropicCallResponse<T>(state);
  }
}
