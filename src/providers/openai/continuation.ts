import { isObject } from "../../json/object.ts";
import type { Continuation, CutReply } from "../../provider/provider.ts";
import type { OpenAINative } from "./native.ts";
import { sendable } from "./turn.ts";
import { contentOf } from "./view.ts";

/** How much of the end of a cut reply the model is reminded of. */
const REMINDER_LENGTH = 100;

/** How the rest of a reply is asked for: the models have no way to go on from an open turn, so the user asks. */
export function continuation({ items, words }: CutReply<OpenAINative>): Continuation<OpenAINative> {
  const sent = sendable(items);
  const blocks: readonly object[] = sent;
  if (sent.length === 0) return { items: [], withheld: 0 };
  // It does not begin with half a character.
  const end = contentOf(blocks.filter(isObject))
    .slice(-REMINDER_LENGTH)
    .replace(/^[\udc00-\udfff]/, "");
  const reminder = `Your reply was interrupted. It ended with: ${end}\n\nGo on exactly there, and repeat nothing.`;
  return { items: [...sent, { role: "user", content: words ?? reminder }], withheld: 0 };
}
