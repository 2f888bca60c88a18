import type { CommonMessage } from "../prompt/common-message.ts";
import type { DynamicConfig } from "../prompt/dynamic-config.ts";
import type { Native } from "../provider/native.ts";
import type { Request } from "../provider/provider.ts";
import type { ToolBox } from "../tool/tool-box.ts";
import type { AnyTool } from "../tool/tool.ts";

/** The config object that a prompt function may return. */
export type NativeConfig<N extends Native> = DynamicConfig<
  N["promptMessage"],
  N["callParams"],
  N["client"],
  AnyTool | N["toolParam"]
>;

/** Everything about a request that can be read after it was sent. */
export interface PreparedCall<N extends Native> {
  readonly body: N["body"];
  /** The messages of the body. */
  readonly items: readonly N["item"][];
  /** The tool whose input is the JSON that was asked for; null if that is the text, or nothing. */
  readonly jsonTool: string | null;
  /** The messages as they were given, as data that belongs to no provider, but for instructions that open them. */
  common(): readonly CommonMessage[];
  /** Makes the value that was asked for out of its JSON. */
  readonly fromJson?: ((json: unknown) => unknown) | undefined;
  /** Why the model is not held to the format that was asked for. */
  readonly formatProblem?: string | undefined;
  readonly dynamicConfig: NativeConfig<N> | null;
  readonly callParams: N["callParams"] | undefined;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** The parts of the call that this provider was not asked for, since it has nothing like them. */
  readonly leftOut: readonly string[];
  /** The tools of the call; null if it has none, so that their absence costs nothing. */
  readonly tools: ToolBox | null;
  /** The `total` limit of the call parameters, if they have one. */
  readonly totalTimeoutMs: number | undefined;
}

/** A prompt that is ready to be sent. */
export interface Prepared<N extends Native> {
  readonly call: PreparedCall<N>;
  readonly request: Request<N>;
  /** The `total` limit of the call parameters, if they have one. */
  readonly totalTimeoutMs: number | undefined;
}
