import type { Native } from "../provider/native.ts";
import type { PairTypes } from "../tool/pair.ts";
import type { AnyTool } from "../tool/tool.ts";
import { CallView } from "./view.ts";

/**
 * A whole reply, as if it had not been streamed.
 *
 * @example
 * ```ts
 * import { CallResponse } from "millrace";
 * import { call } from "millrace/anthropic";
 *
 * const response = await call("claude-sonnet-5-5", (genre: string) => `Recommend a ${genre} book`)("fantasy");
 * console.log(response instanceof CallResponse, response.content, response.commonFinishReasons);
 * ```
 */
export class CallResponse<out N extends Native, out T extends PairTypes = AnyTool> extends CallView<N, T> {
  /** The provider's message, exact. */
  get response(): N["message"] {
    return this.message;
  }

  override get message(): N["message"] {
    // A response is made of a complete reply, which has a message.
    return super.message as N["message"];
  }

  /** The provider's message, with usage and cost. */
  override toJSON(): object {
    const { message, usage, cost } = this;
    return { ...message, usage, cost };
  }
}
