import type { Native } from "../provider.ts";
import type { AnyTool } from "../tool/tool.ts";
import { CallView } from "./view.ts";

/** A whole reply, as if it had not been streamed. */
export class CallResponse<out N extends Native, out T extends AnyTool = AnyTool> extends CallView<N> {
  /** Type only: the tools of the call. */
  declare readonly "~tools"?: T;

  /** The provider's message, exact. */
  get response(): N["message"] {
    return this.message;
  }

  override get message(): N["message"] {
    return super.message;
  }

  /** The text of the response. */
  override toString(): string {
    return this.content;
  }
}
