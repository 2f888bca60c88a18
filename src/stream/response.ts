import type { UsageSource } from "../cost/usage.ts";
import type { Native } from "../provider.ts";
import type { AnyTool } from "../tool/tool.ts";
import { type CallInfo, CallView, type RequestInfo, type Timings } from "./view.ts";

/** What a finished stream hands to its response. */
export interface ResponseParts<N extends Native> {
  readonly call: CallInfo<N>;
  readonly request: RequestInfo<N>;
  readonly message: N["message"];
  readonly messageParam: N["messageParam"] | null;
  readonly timings: Timings;
  readonly requestId: string | null;
}

/** A whole reply, as if it had not been streamed. */
export class CallResponse<out N extends Native, out T extends AnyTool = AnyTool> extends CallView<N> {
  /** Type only: the tools of the call. */
  declare readonly "~tools"?: T;
  readonly #parts: ResponseParts<N>;

  constructor(parts: ResponseParts<N>) {
    super();
    this.#parts = parts;
  }

  /** The provider's message, exact. */
  get response(): N["message"] {
    return this.#parts.message;
  }

  override get message(): N["message"] {
    return this.#parts.message;
  }

  override get messageParam(): N["messageParam"] | null {
    return this.#parts.messageParam;
  }

  override get timings(): Timings {
    return this.#parts.timings;
  }

  override get requestId(): string | null {
    return this.#parts.requestId;
  }

  /** The text of the response. */
  override toString(): string {
    return this.content;
  }

  protected override call(): CallInfo<N> {
    return this.#parts.call;
  }

  protected override request(): RequestInfo<N> {
    return this.#parts.request;
  }

  protected override usageSource(): UsageSource {
    return "reported";
  }
}
