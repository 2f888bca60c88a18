import type { CallState } from "../../stream/call-state.ts";
import { StructuredStream } from "../../stream/structured.ts";
import type { AnthropicNative } from "./native.ts";
import { AnthropicCallResponse } from "./stream.ts";

/**
 * A reply from Anthropic to a call with `responseModel`, while it comes: iterate the model so far.
 *
 * @example
 * ```ts
 * import { call } from "millrace/anthropic/structured";
 * import * as z from "zod";
 *
 * const Book = z.object({ title: z.string(), author: z.string() });
 * const extractBook = call("claude-sonnet-5-5", { stream: true, responseModel: Book }, (text: string) => `Extract: ${text}`);
 * const extraction = extractBook("The Name of the Wind by Patrick Rothfuss");
 * for await (const partial of extraction) console.log(partial.title ?? "");
 * console.log(extraction.constructedResponseModel.author);
 * ```
 */
export class AnthropicStructuredStream<out Model = unknown, out Arriving = unknown> extends StructuredStream<
  AnthropicNative,
  Model,
  Arriving
> {
  override response(): Promise<AnthropicCallResponse<never>> {
    return super.response();
  }

  override constructCallResponse(): AnthropicCallResponse<never> {
    return super.constructCallResponse();
  }

  protected override createResponse(state: CallState<AnthropicNative>): AnthropicCallResponse<never> {
    return new AnthropicCallResponse<never>(state);
  }
}
