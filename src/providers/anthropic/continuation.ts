import type { Continuation, CutReply } from "../../provider/provider.ts";
import { reminderOf } from "../../provider/reminder.ts";
import { field } from "../../json/object.ts";
import { isBefore46 } from "./models.ts";
import type { AnthropicNative } from "./native.ts";
import type { ContentBlockParam, MessageParam } from "./content.ts";
import { blocksOf, sendable } from "./turn.ts";
import { textOf } from "./view.ts";

/**
 * How the rest of a reply is asked for: older models go on from an assistant turn that ends the request, newer ones
 * refuse that and are asked by the user; platform.claude.com/docs/en/build-with-claude/streaming#error-recovery.
 */
export function continuation(cut: CutReply<AnthropicNative>): Continuation<AnthropicNative> {
  const { items, body, model, words } = cut;
  const withheld = spaceAtEnd(items);
  const sent = sendable(items);
  const turn = sent.at(-1);
  if (turn === undefined) return { items: [], withheld };
  const blocks = blocksOf<ContentBlockParam>(turn);
  const last = blocks.at(-1);
  const text = textOf([last], "text");
  const isThinking = field(body["thinking"], "type") === "enabled";
  const canGoOn = words === null && isBefore46(model) && !isThinking && turn.role === "assistant";
  if (canGoOn && last?.type === "text" && /\S/.test(text)) {
    // Space at the end of a turn that is to go on is refused.
    const content = blocks.with(-1, { ...last, text: text.trimEnd() });
    return { items: sent.with(-1, { ...turn, content }), withheld };
  }
  return {
    items: [...sent, { role: "user", content: words ?? reminderOf(text) }],
    withheld: withheld - spaceAtEnd(sent),
  };
}

/** How many characters of white space the text ends with. */
function spaceAtEnd(items: readonly MessageParam[]): number {
  const text = textOf(items.flatMap(blocksOf), "text");
  return text.length - text.trimEnd().length;
}
