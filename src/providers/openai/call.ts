import type {
  Call,
  CallResult,
  DefineCall,
  NativePromptResult,
  NoResponseModel as NoResponseModelOf,
  ParserOptionOf,
} from "../../call/call.ts";
import type { CallOptions, CallOverrides, StreamOption } from "../../call/options.ts";
import type { PairTypes } from "../../tool/pair.ts";
import type { AnyTool } from "../../tool/tool.ts";
import type { OpenAINative } from "./native.ts";
import { calls } from "./stream.ts";
import type { ToolParam } from "./tool-param.ts";

/** The options of a call to OpenAI: see {@link CallOptions}. */
export type OpenAICallOptions<
  S extends StreamOption = StreamOption,
  D extends AnyTool | ToolParam = AnyTool | ToolParam,
> = CallOptions<OpenAINative, S, D>;

/** The options of `.with()`: {@link OpenAICallOptions}, and another `model`. */
export type OpenAICallOverrides<
  S extends StreamOption = StreamOption,
  D extends AnyTool | ToolParam = AnyTool | ToolParam,
> = CallOverrides<OpenAINative, S, D>;

/** The option `outputParser`. A stream does not take it, and the type says why. */
export type OpenAIParserOption<S extends StreamOption, T extends PairTypes, O> = ParserOptionOf<OpenAINative, S, T, O>;

/**
 * Says where the `call` with `responseModel` is: in an entry of its own, so that other programs do not bundle its code.
 */
export type NoResponseModel = NoResponseModelOf<OpenAINative>;

/** The result of a call: a stream, which sends nothing before it is read, or a promise, which starts at once. */
export type OpenAIResult<S extends StreamOption, T extends PairTypes, O = never> = CallResult<OpenAINative, S, T, O>;

/** A typed function that asks a model: see {@link Call}. */
export type OpenAICall<
  Args extends readonly unknown[],
  S extends StreamOption,
  T extends PairTypes = never,
  O = never,
> = Call<OpenAINative, Args, S, T, O>;

/** The results that a prompt function may return. */
export type OpenAIPromptResult = NativePromptResult<OpenAINative>;

/**
 * Makes a function out of a prompt.
 *
 * Its parameters are those of {@link DefineCall}: the model's id, as OpenAI names it; options ({@link CallOptions}), which
 * may be left out; and a function that returns the prompt (a string, which is one user message; messages; or a config
 * object), or a promise of it.
 *
 * @example
 * ```ts
 * import { call } from "millrace/openai";
 *
 * const recommend = call("gpt-6-sol", (genre: string) => `Recommend a ${genre} book`);
 * const answer = await recommend("fantasy");
 * console.log(answer.content, answer.finishReasons, answer.cost);
 * ```
 */
export const call: DefineCall<OpenAINative> = /* @__PURE__ */ (() => calls.call)();
