import { field } from "../../json/object.ts";
import type { Blocks } from "../../provider/decoder.ts";
import { commonFinishReason, isStopReason } from "./finish-reason.ts";
import type { MessageBlock } from "./message-block.ts";
import type { MessageParam, TextBlockParam } from "./content.ts";
import type { AnthropicMessage } from "./wire.ts";

type Block = Readonly<Record<string, unknown>>;

const THINKING: ReadonlySet<unknown> = new Set(["thinking", "redacted_thinking"]);

/** A turn whose blocks are of this type. */
interface TurnOf<B extends object> {
  readonly content: string | readonly B[];
}

/**
 * The turn that would send a reply back, whatever happened to the stream, with all of its text. Empty if nothing can be
 * sent: before the first content, and after a refusal.
 *
 * Blocks stay as they came, since the API verifies thinking and its signature. Left out are tool calls that were cut and
 * are not answered, thinking that was cut before its signature or that nothing follows, empty text, and server tools
 * without a result (unless the next reply gives it). Calls get the name and the id that they lack. Input that is not a JSON object becomes
 * `{ INVALID_JSON: "…" }`, the form that the API's documentation proposes.
 */
export function itemsOf(
  message: AnthropicMessage | null,
  blocks: readonly MessageBlock[],
  answeredCalls?: Blocks,
): readonly MessageParam[] {
  const reason = commonFinishReason(message?.stop_reason);
  if (message === null || reason === "content_filter") return [];
  const answered = new Set(blocks.map(({ block }) => block["tool_use_id"]));
  const isWhole = isStopReason(message.stop_reason);
  // Then the next reply may give the result of a server tool.
  const goesOn = reason === "pause" || reason === "tool_calls";
  const content: Block[] = [];
  blocks.forEach(({ block, inputState, text, isTool, id, name }, place) => {
    const isCut = inputState === "streaming" || inputState === "truncated";
    if ((isCut && !answeredCalls?.has(block)) || (block["type"] === "text" && block["text"] === "")) {
      return;
    }
    // Some servers do not sign thinking. The last block may have been cut at the limit of tokens all the same.
    const mayBeCut = !isWhole || place === blocks.length - 1;
    if (block["type"] === "thinking" && mayBeCut && !block["signature"]) return;
    if (isServerTool(block) && !goesOn && !answered.has(block["id"])) return;
    const sent = isCut || inputState === "invalid" ? { ...block, input: { INVALID_JSON: text } } : block;
    // The result names the call by this id.
    const isUsable = !isTool || (block["id"] === id && block["name"] === name);
    content.push(isUsable ? sent : { ...sent, id, name });
  });
  return turnOf({ role: "assistant" }, content);
}

/** Texts that are known to be more than white space. They only grow; testing them anew each time would take too long. */
const visible = new WeakSet<object>();

/** The same without text that is white space alone, which the API refuses. */
export function sendable(items: readonly MessageParam[]): readonly MessageParam[] {
  return items.flatMap((item) =>
    turnOf(
      item,
      blocksOf<object>(item).filter((block) => !isSpace(block)),
    ),
  );
}

/** The blocks of a turn. */
export function blocksOf<B extends object>({ content }: TurnOf<B>): readonly (B | TextBlockParam)[] {
  return typeof content === "string" ? [{ type: "text", text: content }] : content;
}

/** A turn with these blocks, but for thinking at its end, which the API refuses. Empty if nothing is left of it. */
function turnOf(turn: object, blocks: readonly object[]): readonly MessageParam[] {
  const end = blocks.findLastIndex((block) => !THINKING.has(field(block, "type"))) + 1;
  // Blocks of a response are blocks of a request, future ones included: the API takes back what it gave.
  return end === 0 ? [] : [{ ...turn, content: blocks.slice(0, end) } as unknown as MessageParam];
}

function isSpace(block: object): boolean {
  if (field(block, "type") !== "text" || visible.has(block)) return false;
  const text = field(block, "text");
  if (typeof text !== "string" || !/\S/.test(text)) return true;
  visible.add(block);
  return false;
}

function isServerTool(block: Block): boolean {
  return (block["type"] === "server_tool_use" || block["type"] === "mcp_tool_use") && "id" in block;
}
