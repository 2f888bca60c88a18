import { foldEvents } from "./fold.ts";
import { isJsonObject, type JsonObject, objectsOf, textOf } from "../json.ts";

/** What a server has sent, as far as it decides what it takes back. */
export interface Sent {
  /** The thinking that it has sent, by signature. */
  readonly thinking: ReadonlyMap<string, string>;
  /** The fields of the blocks that it has sent, and of objects inside them, by `type`. */
  readonly fields: ReadonlyMap<string, ReadonlySet<string>>;
}

/** What a server has sent, while it is still sending. */
export class SentBlocks implements Sent {
  readonly thinking = new Map<string, string>();
  readonly fields = new Map<string, Set<string>>();

  /** Remembers the blocks in the events of a reply. */
  remember(events: readonly JsonObject[]): void {
    for (const { content_block, delta } of events) {
      this.#rememberFields(content_block);
      if (isJsonObject(delta)) this.#rememberFields(delta["citation"]);
    }
    if (!events.some(isSignature)) return;
    for (const { type, thinking, signature } of objectsOf(foldEvents(events)["content"])) {
      if (type === "thinking") this.thinking.set(textOf(signature), textOf(thinking));
    }
  }

  #rememberFields(root: unknown): void {
    const parts = [root];
    // The list grows while it is read.
    for (const part of parts) {
      if (typeof part !== "object" || part === null) continue;
      const { type } = part as JsonObject;
      for (const [name, value] of Object.entries(part)) {
        if (typeof type === "string") this.#fieldsOf(type).add(name);
        // What a tool is asked to do has names of its own.
        if (name !== "input") parts.push(value);
      }
    }
  }

  #fieldsOf(type: string): Set<string> {
    const known = this.fields.get(type) ?? new Set();
    this.fields.set(type, known);
    return known;
  }
}

function isSignature({ delta }: JsonObject): boolean {
  return isJsonObject(delta) && delta["type"] === "signature_delta";
}
