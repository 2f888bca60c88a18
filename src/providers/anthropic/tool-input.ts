import { isObject } from "../../json/object.ts";
import type { ToolInput } from "../../tool/tool-box.ts";
import type { MessageBlock } from "./message.ts";

const inputs = new WeakMap<MessageBlock, ToolInput>();

/** The tool that a block asks the program for, always the same object; null for other blocks. */
export function toolInputOf(from: MessageBlock): ToolInput | null {
  const { id, type, name } = from.block;
  if (type !== "tool_use" || typeof name !== "string") return null;
  const known = inputs.get(from);
  if (known !== undefined) return known;
  const input: ToolInput = {
    id: String(id),
    name,
    get block() {
      return from.block;
    },
    get text() {
      const { json, block } = from;
      // Some servers give the input whole, where the block starts.
      return json === "" && isObject(block["input"]) && Object.keys(block["input"]).length > 0
        ? JSON.stringify(block["input"])
        : json;
    },
    get value() {
      return from.inputState === "complete" ? from.block["input"] : undefined;
    },
    get state() {
      return from.inputState ?? "complete";
    },
  };
  inputs.set(from, input);
  return input;
}
