/**
 * The accumulation of a reply as its reference states it, written plainly: one rule after another, for well-formed events
 * in their order. Apart from the library, to compare it with.
 */

/** Whatever JSON may be. */
type Json = ReturnType<typeof JSON.parse>;
export type Fields = Record<string, Json>;

const TEXTS: Fields = { output_text: "text", refusal: "refusal", reasoning_text: "text", summary_text: "text" };
const LAST = ["response.completed", "response.incomplete", "response.failed", "response.done"];

export interface Folded {
  readonly response: Fields;
  /** The event that ended it; null if none did. */
  readonly end: string | null;
}

export function fold(events: readonly Record<string, unknown>[]): Folded {
  const response: Fields = {};
  const items = new Map<number, Fields>();
  let end: string | null = null;
  for (const received of events) {
    const event = structuredClone(received) as Fields;
    const type = event["type"] as string;
    if (type === "error") return { response: { ...response, output: inOrder(items) }, end: type };
    const item = items.get(event["output_index"]) ?? {};
    const part = (list: string, at: number, kind: string): Fields => {
      item[list] ??= [];
      return (item[list].find((one: Fields) => one["~"] === at) ?? add(item[list], { "~": at, type: kind })) as Fields;
    };
    if (event["response"] !== undefined) {
      for (const [key, value] of Object.entries(event["response"] as Fields)) {
        if (key === "output" || (key === "usage" && value !== null && !LAST.includes(type))) continue;
        if (value !== null || !(key in response)) response[key] = value;
      }
    }
    if (type === "response.output_item.added") {
      for (const list of ["content", "summary"]) {
        if (Array.isArray(event["item"][list]))
          event["item"][list].forEach((one: Fields, at: number) => (one["~"] = at));
      }
      items.set(event["output_index"], event["item"]);
    }
    if (type === "response.output_item.done") replace(item, event["item"]);
    const added = /^response\.(content|reasoning|reasoning_summary)_part\.(added|done)$/.exec(type);
    if (added !== null) {
      const isSummary = added[1] === "reasoning_summary";
      const at = isSummary ? event["summary_index"] : event["content_index"];
      replace(part(isSummary ? "summary" : "content", at, event["part"]["type"]), event["part"]);
    }
    const grown =
      /^response\.(output_text|refusal|reasoning_text|reasoning_summary_text)\.(delta|done)$/.exec(type) ?? [];
    if (grown[1] !== undefined) {
      const isSummary = grown[1] === "reasoning_summary_text";
      const kind = isSummary ? "summary_text" : grown[1];
      const at = isSummary ? event["summary_index"] : event["content_index"];
      const target = part(isSummary ? "summary" : "content", at, kind);
      const field = TEXTS[kind];
      target[field] = grown[2] === "delta" ? (target[field] ?? "") + event["delta"] : event[field];
      const { logprobs = [] } = event;
      if (logprobs.length > 0)
        target["logprobs"] = grown[2] === "done" ? logprobs : [...(target["logprobs"] ?? []), ...logprobs];
    }
    if (type === "response.output_text.annotation.added") {
      const target = part("content", event["content_index"], "output_text");
      target["annotations"] ??= [];
      target["annotations"][event["annotation_index"]] = event["annotation"];
    }
    const input =
      /^response\.(?:function_call_(arguments)|mcp_call_(arguments)|custom_tool_call_(input)|code_interpreter_call_(code))\.(delta|done)$/.exec(
        type,
      );
    if (input !== null) {
      const field = input.slice(1, 5).find(Boolean) as string;
      item[field] = input[5] === "delta" ? (item[field] ?? "") + event["delta"] : event[field];
    }
    if (type === "response.apply_patch_call_operation_diff.delta") item["operation"]["diff"] += event["delta"];
    if (type === "response.apply_patch_call_operation_diff.done") item["operation"]["diff"] = event["diff"];
    const at = event["command_index"];
    if (type === "response.shell_call_command.added") item["action"]["commands"][at] = event["command"];
    if (type === "response.shell_call_command.delta") item["action"]["commands"][at] += event["delta"];
    if (type === "response.shell_call_command.done") item["action"]["commands"][at] = event["command"];
    if (type === "response.shell_call_output_content.delta") {
      const output = (item["output"][at] ??= {});
      for (const [stream, text] of Object.entries(event["delta"])) output[stream] = (output[stream] ?? "") + text;
    }
    if (type === "response.shell_call_output_content.done")
      item["output"].splice(at, event["output"].length, ...event["output"]);
    if (LAST.includes(type)) {
      end = type;
      for (const [place, given] of ((event["response"]["output"] ?? []) as Fields[]).entries()) {
        const known = items.get(place);
        if (known === undefined) items.set(place, given);
        else replace(known, given);
      }
    }
  }
  return { response: { ...response, output: inOrder(items) }, end };
}

/** Replaces an item or a part by a later form of it, but for what is emptier there. */
function replace(known: Fields, later: Fields): void {
  for (const [key, value] of Object.entries(later)) {
    const list: Fields[] = Array.isArray(known[key]) ? known[key] : [];
    if ((key === "content" || key === "summary") && Array.isArray(value) && value.length > 0 && list.length > 0) {
      // By rank: some servers count the parts of all items together.
      value.forEach((part: Fields, at) => (list[at] === undefined ? list.push(part) : replace(list[at], part)));
    } else if (!isEmpty(value) || known[key] === undefined || known[key] === null) {
      known[key] = value;
    }
  }
}

function isEmpty(value: unknown): boolean {
  return value === null || value === "" || (typeof value === "object" && Object.keys(value as object).length === 0);
}

function add<T>(list: T[], value: T): T {
  list.push(value);
  return value;
}

function inOrder(items: ReadonlyMap<number, Fields>): unknown[] {
  const sorted = [...items].sort(([a], [b]) => a - b).map(([, item]) => item);
  return JSON.parse(JSON.stringify(sorted, (key, value: unknown) => (key === "~" ? undefined : value)));
}
