import type { Continuation, CutReply } from "../../provider/provider.ts";
import { reminderOf } from "../../provider/reminder.ts";
import { targetOf } from "./encode.ts";
import type { OpenAIChatNative } from "./native.ts";
import { sendable } from "./turn.ts";
import { contentOf } from "./view.ts";

/** How the rest of a reply is asked for: some servers go on from a turn that ends the request, others are asked by the user. */
export function continuation(cut: CutReply<OpenAIChatNative>): Continuation<OpenAIChatNative> {
  const { body, words } = cut;
  const items = sendable(cut.items);
  const turn = items.at(-1);
  if (turn === undefined) return { items, withheld: 0 };
  const text = contentOf(turn);
  if (words === null && targetOf(body).canGoOn && text !== "") return { items, withheld: 0 };
  return { items: [...items, { role: "user", content: words ?? reminderOf(text) }], withheld: 0 };
}
