import { field } from "../../json/object.ts";

/** The items of a conversation: what a request sends, without the instructions that open it. */
export function withoutInstructions<Item>(items: readonly Item[]): readonly Item[] {
  const start = items.findIndex((item) => !/^(system|developer)$/.test(String(field(item, "role"))));
  return start === -1 ? [] : items.slice(start);
}
