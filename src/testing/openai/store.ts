import { isJsonObject, type JsonObject, objectsOf, textOf } from "../json.ts";
import { parseEvent } from "../script-events.ts";
import type { WireEvent } from "../wire.ts";

/** A response that the fake has made. */
export interface StoredResponse {
  readonly id: string;
  readonly body: JsonObject;
  readonly events: readonly WireEvent[];
  /** Milliseconds between events. */
  readonly pace: number;
  /** Whether it can be asked for again. */
  isStored: boolean;
  /** The index of the next event to be made. It goes on without a client if the response is made in the background. */
  made: number;
  /** When the client left, and how much had been made then. Null while it reads. */
  left: { readonly at: number; readonly made: number } | null;
  isCancelled: boolean;
}

/** The responses of one fake server, by id, and what it has sent. */
export class ResponseStore {
  readonly #responses = new Map<string, StoredResponse>();
  /** Tokens of encrypted reasoning: those of whole items by the item's id, and those that came when an item began. */
  readonly #tokens = new Map<string, string>();
  readonly #begun = new Set<string>();
  /** The items that were sent, by id, and the reasoning that stands before each. */
  readonly #items = new Map<string, { readonly item: JsonObject; readonly reasoning: string | null }>();

  add(response: StoredResponse): void {
    this.#responses.set(response.id, response);
    for (const event of response.events) this.#remember(parseEvent(event));
    this.#rememberOrder(response.events.map(parseEvent));
  }

  /** A response that is stored. */
  find(id: string): StoredResponse | null {
    const found = this.#responses.get(id);
    return found?.isStored === true ? found : null;
  }

  delete(id: string): void {
    this.#responses.delete(id);
  }

  /** Whether a token came with the beginning of an item. The API gives another one at its end, and takes only that. */
  isBegun(token: string): boolean {
    return this.#begun.has(token);
  }

  /** The token that was given for an item; undefined if it is not one of this server's. */
  tokenOf(id: string): string | undefined {
    return this.#tokens.get(id);
  }

  /** An item that was sent, and the id of the reasoning before it. */
  sent(id: string): { readonly item: JsonObject; readonly reasoning: string | null } | undefined {
    return this.#items.get(id);
  }

  #remember(event: JsonObject | null): void {
    const item = event?.["item"];
    if (!isJsonObject(item) || typeof item["encrypted_content"] !== "string") return;
    const isDone = event?.["type"] === "response.output_item.done";
    if (isDone) this.#tokens.set(textOf(item["id"]), item["encrypted_content"]);
    else this.#begun.add(item["encrypted_content"]);
  }

  #rememberOrder(events: readonly (JsonObject | null)[]): void {
    let reasoning: string | null = null;
    for (const event of events) {
      const item = event?.["item"];
      if (event?.["type"] !== "response.output_item.done" || !isJsonObject(item)) continue;
      this.#items.set(textOf(item["id"]), { item, reasoning });
      reasoning = item["type"] === "reasoning" ? textOf(item["id"]) : null;
    }
  }
}

/** How many of a response's events have been made by now. */
export function madeBy(response: StoredResponse, now: number): number {
  const { left, made, pace, events, isCancelled } = response;
  if (left === null || isCancelled) return made;
  return pace === 0 ? events.length : Math.min(events.length, left.made + Math.floor((now - left.at) / pace));
}

/** The response as `GET` gives it. */
export function currentResponse(response: StoredResponse, now: number): JsonObject {
  const made = madeBy(response, now);
  const events = response.events.slice(0, made).map(parseEvent);
  const last = events.findLast((event) => isJsonObject(event?.["response"]))?.["response"];
  const output = events.flatMap((event) =>
    event?.["type"] === "response.output_item.done" && isJsonObject(event["item"]) ? [event["item"]] : [],
  );
  const known = isJsonObject(last) ? last : {};
  const current = objectsOf(known["output"]).length > 0 ? known : { ...known, output };
  return response.isCancelled ? { ...current, status: "cancelled" } : { id: response.id, ...current };
}
