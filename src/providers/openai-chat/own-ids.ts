import { getOwn, setOwn } from "../../json/own.ts";
import type { JsonObject } from "../../json/object.ts";
import { listOf } from "./fields.ts";
import type { ChatMessageParam } from "./message-param.ts";

/**
 * The messages with an id of its own for each call: results are told by them, and some servers give the same ones in each
 * reply. The same list, unless one has to be changed.
 *
 * @param length - How long ids have to be, if the server takes only such.
 */
export function withOwnIds(messages: readonly ChatMessageParam[], length?: number): readonly ChatMessageParam[] {
  const used = new Set<string>();
  /** The ids of the calls that the next messages answer, and what they were changed to. */
  let renamed: JsonObject = {};
  return messages.map((message) => {
    if (message.role === "tool") {
      const id = getOwn(renamed, message.tool_call_id);
      return typeof id === "string" ? { ...message, tool_call_id: id } : message;
    }
    if (message.role !== "assistant" || listOf(message.tool_calls).length === 0) return message;
    renamed = {};
    const tool_calls = message.tool_calls?.map((call) => {
      const { id } = call;
      if (typeof id !== "string") return call;
      const own = ownId(id, used, length);
      used.add(own);
      if (own === id) return call;
      setOwn(renamed, id, own);
      return { ...call, id: own };
    });
    return Object.keys(renamed).length === 0 ? message : { ...message, tool_calls };
  });
}

/** The same for the same conversation, so that its beginning can be cached. */
function ownId(id: string, used: ReadonlySet<string>, length: number | undefined): string {
  const fits = length === undefined || (id.length === length && /^[a-z\d]*$/i.test(id));
  for (let count = 0; ; count++) {
    const own = fits && count === 0 ? id : length === undefined ? `${id}_${count}` : hashed(`${id} ${count}`, length);
    if (!used.has(own)) return own;
  }
}

/** FNV-1a, as letters and digits. */
function hashed(text: string, length: number): string {
  let hash = 0x811c9dc5;
  let all = "";
  while (all.length < length) {
    for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
    all += (hash >>> 0).toString(36);
  }
  return all.slice(0, length);
}
