import { isObject } from "../../json/object.ts";
import type { Continuation, CutReply } from "../../provider/provider.ts";
import { reminderOf } from "../../provider/reminder.ts";
import type { OpenAINative } from "./native.ts";
import { sendable } from "./turn.ts";
import { contentOf } from "./view.ts";

/** How the rest of a reply is asked for: the models have no way to go on from an open turn, so the user asks. */
export function continuation({ items, words }: CutReply<OpenAINative>): Continuation<OpenAINative> {
  const sent = sendable(items);
  const blocks: readonly object[] = sent;
  if (sent.length === 0) return { items: [], withheld: 0 };
  return {
    items: [...sent, { role: "user", content: words ?? reminderOf(contentOf(blocks.filter(isObject))) }],
    withheld: 0,
  };
}
