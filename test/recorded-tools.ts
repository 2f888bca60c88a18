import { tool, type Tool } from "../src/index.ts";
import type { Recording } from "./corpus.ts";

/** A tool for each name that a recording asks for: what they take is not looked at. */
export function toolsOf({ events }: Pick<Recording, "events">): Tool<string, Record<string, unknown>, string>[] {
  const blocks = events.flatMap((event) => {
    const { content_block, message } = event as { content_block?: unknown; message?: { content?: unknown[] } };
    return [content_block, ...(message?.content ?? [])];
  });
  const names = blocks
    .map((block) => block as { type?: string; name?: string } | undefined)
    .filter((block) => block?.type === "tool_use")
    .map((block) => block?.name ?? "");
  return [...new Set(names)].map((name) => tool({ name, inputSchema: { type: "object" }, call: () => "done" })) as Tool<
    string,
    Record<string, unknown>,
    string
  >[];
}
