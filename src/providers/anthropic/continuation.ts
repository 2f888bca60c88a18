import type { Continuation, CutReply } from "../../provider.ts";
import { field, isObject } from "../../json/object.ts";
import { isBefore46 } from "./models.ts";
import type { AnthropicNative } from "./native.ts";
import type { MessageParam } from "./params.ts";
import { assistantTurn } from "./turn.ts";
import type { AnthropicMessage } from "./wire.ts";

/** How much of the end of a cut reply the model is reminded of. */
const REMINDER_LENGTH = 100;

type Blocks = readonly Readonly<Record<string, unknown>>[];

/**
 * How the rest of a reply is asked for: older models go on from an assistant turn that ends the request, newer ones
 * refuse that and are asked by the user; platform.claude.com/docs/en/build-with-claude/streaming#error-recovery.
 */
export function continuation({ kept, body, model, words }: CutReply<AnthropicNative>): Continuation<AnthropicNative> {
  const turn = assistantTurn(kept);
  if (turn === null) return { messages: [], withheld: spaceAtEnd(kept) };
  const blocks = blocksOf(turn);
  const text = textOf(blocks.at(-1));
  const isThinking = field(body["thinking"], "type") === "enabled";
  if (words === null && text.trim() !== "" && isBefore46(model) && !isThinking) {
    // Space at the end of a turn that is to go on is refused.
    const content = [...blocks.slice(0, -1), { ...blocks.at(-1), text: text.trimEnd() }];
    return { messages: [{ ...turn, content } as unknown as MessageParam], withheld: spaceAtEnd(kept) };
  }
  const reminder = `Your reply was interrupted. It ended with: ${text.slice(-REMINDER_LENGTH)}\n\nGo on exactly there, and repeat nothing.`;
  return {
    messages: [turn, { role: "user", content: words ?? reminder }],
    withheld: spaceAtEnd(kept) - spaceAtEnd(turn),
  };
}

/** How many characters of white space the text ends with. */
function spaceAtEnd(turn: MessageParam): number {
  const text = blocksOf(turn).map(textOf).join("");
  return text.length - text.trimEnd().length;
}

/** The blocks of both; where text goes on, they are one. */
export function join<M extends AnthropicMessage | MessageParam>(before: MessageParam, after: M, repeated: number): M {
  const head = [...blocksOf(before)];
  const [first, ...rest] = dropText(blocksOf(after), repeated);
  const last = head.at(-1);
  if (first !== undefined && first["type"] === "text" && last?.["type"] === "text") {
    head.pop();
    const citations = [...listOf(last["citations"]), ...listOf(first["citations"])];
    const text = textOf(last) + textOf(first);
    head.push({ ...last, ...first, text, ...(citations.length > 0 && { citations }) });
  } else if (first !== undefined) {
    head.push(first);
  }
  // Blocks of a response are blocks of a request: the API takes back what it gave.
  return { ...after, content: [...head, ...rest] } as unknown as M;
}

/** The blocks without so many characters at the beginning of their text. */
function dropText(blocks: Blocks, length: number): Blocks {
  return blocks.flatMap((block) => {
    const text = textOf(block);
    const dropped = Math.min(length, text.length);
    if (dropped === 0) return [block];
    length -= dropped;
    return dropped === text.length ? [] : [{ ...block, text: text.slice(dropped) }];
  });
}

function blocksOf({ content }: MessageParam | AnthropicMessage): Blocks {
  return (typeof content === "string" ? [{ type: "text", text: content }] : content) as unknown as Blocks;
}

function textOf(block: unknown): string {
  const text = isObject(block) && block["type"] === "text" ? block["text"] : "";
  return typeof text === "string" ? text : "";
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
