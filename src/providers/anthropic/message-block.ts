import { isObject, type JsonObject, tryParse } from "../../json/object.ts";
import type { ToolInput } from "../../tool/tool-box.ts";

/** A block of the message, and what is known of it that the message does not say; {@link ToolInput} of a tool's. */
export class MessageBlock implements ToolInput {
  readonly index: number;
  readonly block: JsonObject;
  /** Its `content_block_stop` came: nothing may be added. */
  hasStopped = false;
  /** The JSON of its input as received. */
  json = "";
  /** How its input stands; null for a block that has none. */
  inputState: ToolInput["state"] | null;

  constructor(index: number, given: JsonObject) {
    const { type, input } = given;
    this.index = index;
    // Events may be kept by the reader, and must not change under his hands: all that changes is a copy.
    this.block = { ...given };
    // Whether there are to be pieces of input is known by the block's type, or by its having one already.
    const isTool = typeof type === "string" && type.endsWith("tool_use");
    this.inputState = isTool || isObject(input) ? "streaming" : null;
    // Some servers give the input whole, and as text.
    if (isTool && input && !isObject(input)) this.json = typeof input === "string" ? input : JSON.stringify(input);
  }

  /** Whether it asks the program for a tool. */
  get isTool(): boolean {
    return this.block["type"] === "tool_use" && typeof this.block["name"] === "string";
  }

  get id(): string {
    return String(this.block["id"]);
  }

  get name(): string {
    return String(this.block["name"]);
  }

  get text(): string {
    const { json, block } = this;
    // Some servers give the input whole, where the block starts.
    return json === "" && isObject(block["input"]) && Object.keys(block["input"]).length > 0
      ? JSON.stringify(block["input"])
      : json;
  }

  get value(): unknown {
    return this.inputState === "complete" ? this.block["input"] : undefined;
  }

  get state(): ToolInput["state"] {
    return this.inputState ?? "complete";
  }

  /** Its `content_block_stop` came. */
  stop(): void {
    this.hasStopped = true;
    this.closeInput();
  }

  /** Its input is whole. */
  closeInput(): void {
    const { block, json } = this;
    if (this.inputState === null) return;
    const value = json === "" ? block["input"] || {} : tryParse(json);
    this.inputState = isObject(value) ? "complete" : "invalid";
    if (isObject(value)) block["input"] = value;
  }
}
