/** Parts of replies that only OpenAI's APIs have. */

import { block, type BlockPart } from "../part.ts";
import { splitEvenly, splitWords } from "../split.ts";

/**
 * Makes a refusal, sent one word per delta, or in the given deltas.
 *
 * @param words - The refusal, or the deltas that it comes in.
 * @example
 * ```ts
 * import { fakeOpenAI, refusal, reply } from "millrace/testing";
 * const server = await fakeOpenAI({ replies: reply(refusal("I can't help with that.")) });
 * await server.close();
 * ```
 */
export function refusal(words: string | readonly string[]): BlockPart {
  const pieces = typeof words === "string" ? splitWords(words) : words;
  return block(
    { type: "refusal" },
    pieces.map((piece) => ({ type: "refusal_delta", refusal: piece })),
  );
}

/**
 * Makes a call of a tool whose input is free text.
 *
 * @param name - The tool's name.
 * @param input - The text.
 * @param options - `id`: the call's id. Generated if not given.
 * @example
 * ```ts
 * import { customToolUse, fakeOpenAI, reply } from "millrace/testing";
 * const server = await fakeOpenAI({ replies: reply(customToolUse("run_sql", "select 1")) });
 * await server.close();
 * ```
 */
export function customToolUse(
  name: string,
  input: string,
  options: { readonly id?: string | undefined } = {},
): BlockPart {
  const id = options.id === undefined ? {} : { id: options.id };
  return block(
    { type: "custom_tool_use", ...id, name },
    splitEvenly(input).map((piece) => ({ type: "input_json_delta", partial_json: piece })),
  );
}
