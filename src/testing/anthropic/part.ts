/** Parts of replies that other APIs do not have. */

import type { JsonObject } from "../json.ts";
import { block, type BlockPart } from "../part.ts";

/**
 * Makes an encrypted thinking block, which is sent whole.
 *
 * @param data - The encrypted thinking. Default: some.
 * @example
 * ```ts
 * import { redactedThinking, reply } from "millrace/testing";
 * reply(redactedThinking(), "Yes.");
 * ```
 */
export function redactedThinking(data = "EqkECkYIBxgCKkDyQWKPa3JlZGFjdGVk"): BlockPart {
  return block({ type: "redacted_thinking", data });
}

/**
 * Makes a summary of the conversation, sent in one delta (beta `compact-2026-01-12`), or with `whole` in the block's
 * start, like one made on demand (beta `compact-2026-09-04`).
 *
 * @param summary - `null` for a compaction that failed.
 * @param options - `encrypted`: the encrypted summary beside it. `whole`: sends all of it in the block's start.
 * @example
 * ```ts
 * import { compaction, reply } from "millrace/testing";
 * reply(compaction("They talked about books."), "Where were we?");
 * ```
 */
export function compaction(
  summary: string | null,
  options: { encrypted?: string | null | undefined; whole?: boolean | undefined } = {},
): BlockPart {
  const { encrypted = null, whole = false } = options;
  const content = { content: summary, encrypted_content: encrypted };
  if (whole) return block({ type: "compaction", ...content });
  return block({ type: "compaction", content: null }, [{ type: "compaction_delta", ...content }]);
}

/**
 * Makes the block after which another model continues the reply. Beta `server-side-fallback-2026-07-01`.
 *
 * @param from - The model that gave up.
 * @param to - The model that goes on.
 * @param trigger - Why: the object that the API sends.
 * @example
 * ```ts
 * import { fallback, reply, text } from "millrace/testing";
 * reply(text("Once upon"), fallback("claude-fable-5-2", "claude-sonnet-5-5"), text(" a time"));
 * ```
 */
export function fallback(from: string, to: string, trigger?: JsonObject): BlockPart {
  return block({ type: "fallback", from: { model: from }, to: { model: to }, ...(trigger ? { trigger } : {}) });
}
