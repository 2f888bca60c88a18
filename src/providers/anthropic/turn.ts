import { field } from "../../json/object.ts";
import { isStopReason } from "./message.ts";
import type { MessageBlock } from "./message-block.ts";
import type { MessageParam } from "./params.ts";
import type { AnthropicMessage } from "./wire.ts";

type Block = AnthropicMessage["content"][number];

/**
 * What stays of a reply, whatever happened to the stream; null where nothing does. What is kept is kept as it came:
 * thinking and its signature are verified by the API.
 *
 * Cut tool calls, thinking that was cut before its signature, empty text and server tools without a result go; input
 * that is not a JSON object becomes `{ INVALID_JSON: "…" }`, the form that the API's documentation proposes. A server
 * tool whose result the next reply gives stays: where the turn was paused, or waits for the program's tools.
 */
export function keptOf(message: AnthropicMessage | null, blocks: readonly MessageBlock[]): MessageParam | null {
  if (message === null || message.stop_reason === "refusal") return null;
  const answered = new Set(message.content.map((block) => ("tool_use_id" in block ? block.tool_use_id : null)));
  const isWhole = isStopReason(message.stop_reason);
  const goesOn = /^(pause_turn|tool_use)$/.test(String(message.stop_reason));
  const content: object[] = [];
  message.content.forEach((block, place) => {
    const { inputState, json } = blocks[place] ?? { inputState: null, json: "" };
    if (inputState === "streaming" || (block.type === "text" && block.text === "")) return;
    // Some servers sign no thinking. What comes last without a signature was cut all the same, at the limit of tokens.
    const mayBeCut = !isWhole || place === message.content.length - 1;
    if (block.type === "thinking" && mayBeCut && !("signature" in block && block.signature)) return;
    if (isServerTool(block) && !goesOn && !answered.has(block.id)) return;
    content.push(inputState === "invalid" ? { ...block, input: { INVALID_JSON: json } } : block);
  });
  // Blocks of the response are blocks of the request, those of the future included: the API takes back what it gave.
  return content.length === 0 ? null : ({ role: "assistant", content } as unknown as MessageParam);
}

/** What is kept of a reply as the API accepts it in the next request: it refuses text that is white space alone. */
export function assistantTurn(kept: MessageParam): MessageParam | null {
  const content = typeof kept.content === "string" ? kept.content : kept.content.filter((block) => !isSpace(block));
  return content.length === 0 ? null : ({ ...kept, content } as MessageParam);
}

function isSpace(block: object): boolean {
  return field(block, "type") === "text" && !/\S/.test(String(field(block, "text")));
}

function isServerTool(block: Block): block is Block & { readonly id: unknown } {
  return (block.type === "server_tool_use" || block.type === "mcp_tool_use") && "id" in block;
}
