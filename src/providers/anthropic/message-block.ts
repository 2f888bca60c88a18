import { DEEPEST, isDeeper } from "../../json/depth.ts";
import { isObject, type JsonObject, stringField, tryParse } from "../../json/object.ts";
import type { ToolInput } from "../../tool/tool-box.ts";

/** The name of a call that came without one: it goes back under this one, so that the model can be told. */
const UNNAMED = "unnamed_tool";

/** A block of the message, and what is known of it beside what the message says. */
export class MessageBlock implements ToolInput {
  readonly index: number;
  readonly block: JsonObject;
  /** The id of a call: the block's own, unless that is missing or is another call's too. */
  id: string;
  /** Its `content_block_stop` came: nothing may be added. */
  hasStopped = false;
  /** The JSON of its input as received. */
  json = "";
  /** The state of its input; null for a block that does not have one. */
  inputState: ToolInput["state"] | null;

  constructor(index: number, given: JsonObject) {
    const { type, input, citations } = given;
    this.index = index;
    // Readers may keep events, which must not change then: everything that changes is a copy.
    this.block = { ...given };
    this.id = stringField(given, "id") ?? "";
    if (Array.isArray(citations)) this.block["citations"] = [...(citations as readonly unknown[])];
    // A block has input if its type says so, or if it comes with some.
    const isTool = typeof type === "string" && type.endsWith("tool_use");
    this.inputState = isTool || isObject(input) ? "streaming" : null;
    // Some servers give the whole input at the start of the block, as text.
    if (isTool && input && !isObject(input)) this.json = typeof input === "string" ? input : JSON.stringify(input);
  }

  /** Whether it asks for a tool that the program runs. */
  get isTool(): boolean {
    return this.block["type"] === "tool_use";
  }

  get name(): string {
    return stringField(this.block, "name") || UNNAMED;
  }

  get text(): string {
    const { input } = this.block;
    // Some servers give the input whole, in the event that starts the block.
    return this.json || (isObject(input) && Object.keys(input).length > 0 ? JSON.stringify(input) : "");
  }

  get value(): unknown {
    return this.inputState === "complete" ? this.block["input"] : undefined;
  }

  get state(): ToolInput["state"] {
    return this.inputState ?? "complete";
  }

  /** Ends its input: from now on it is complete or invalid. Gives whether it is one of them only now. */
  closeInput(): boolean {
    if (this.inputState !== "streaming") return false;
    const { block, json } = this;
    const value = json === "" ? block["input"] || {} : tryParse(json);
    const isValid = isObject(value) && !isDeeper(value, DEEPEST);
    this.inputState = isValid ? "complete" : "invalid";
    if (isValid) block["input"] = value;
    return true;
  }
}
