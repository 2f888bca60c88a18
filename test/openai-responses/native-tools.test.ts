import { describe, expect, it } from "vitest";
import { agent, nativeCall } from "../../src/index.ts";
import { call, client, type ToolParam } from "../../src/providers/openai/index.ts";
import { framed } from "./steps.ts";

type Item = Readonly<Record<string, unknown>> & { readonly type: string };

/** A reply with one item. */
function repliesWith(item: Item): () => Promise<Response> {
  const response = { id: "resp_1", model: "m", status: "completed", output: [item] };
  const events = [
    { type: "response.output_item.done", output_index: 0, item },
    { type: "response.completed", response },
  ];
  return () => Promise.resolve(new Response(framed(events).slice()));
}

async function ask(item: Item, tools: readonly ToolParam[]) {
  const own = client({ apiKey: "k", fetch: repliesWith(item) });
  const define = call("m", { stream: true, client: own, tools }, () => "?");
  const stream = define();
  await stream.response();
  return { define, stream };
}

const ids = { id: "it_1", call_id: "call_1", status: "completed" };

describe("items that ask the program for something, beside functions", () => {
  it.each<[item: Item, tool: object, output: unknown, answer: object, unanswered: object | null]>([
    [
      { type: "custom_tool_call", ...ids, name: "sql", input: "select 1" },
      { type: "custom", name: "sql" },
      "1",
      { type: "custom_tool_call_output", call_id: "call_1", output: "1" },
      { type: "custom_tool_call_output", call_id: "call_1", output: "Error: The tool was not run." },
    ],
    [
      { type: "shell_call", ...ids, action: { commands: ["ls"] }, environment: null },
      { type: "shell", environment: { type: "local" } },
      "a.txt",
      { type: "shell_call_output", output: [{ stdout: "a.txt", stderr: "", outcome: { type: "exit", exit_code: 0 } }] },
      { type: "shell_call_output", output: [{ stdout: "", outcome: { type: "exit", exit_code: 1 } }] },
    ],
    [
      { type: "apply_patch_call", ...ids, operation: { type: "delete_file", path: "a.txt" } },
      { type: "apply_patch" },
      new Error("There is no such file."),
      { type: "apply_patch_call_output", call_id: "call_1", status: "failed", output: "Error: There is no such file." },
      { type: "apply_patch_call_output", status: "failed" },
    ],
    [
      { type: "local_shell_call", ...ids, action: { type: "exec", command: ["ls"], env: {} } },
      { type: "local_shell" },
      "a.txt",
      { type: "local_shell_call_output", id: "call_1", output: "a.txt" },
      { type: "local_shell_call_output" },
    ],
    [
      { type: "tool_search_call", ...ids, execution: "client", arguments: { goal: "weather" } },
      { type: "tool_search", execution: "client" },
      [{ type: "function", name: "weather" }],
      { type: "tool_search_output", call_id: "call_1", tools: [{ type: "function", name: "weather" }] },
      { type: "tool_search_output", tools: [] },
    ],
    [
      { type: "mcp_approval_request", id: "it_1", server_label: "docs", name: "read", arguments: "{}" },
      { type: "mcp", server_label: "docs", server_url: "https://docs.test" },
      true,
      { type: "mcp_approval_response", approval_request_id: "it_1", approve: true },
      { type: "mcp_approval_response", approve: false },
    ],
    [
      { type: "computer_call", ...ids, actions: [{ type: "screenshot" }], pending_safety_checks: [] },
      { type: "computer" },
      { type: "image", url: "https://example.com/screen.png" },
      {
        type: "computer_call_output",
        output: { type: "computer_screenshot", image_url: "https://example.com/screen.png" },
      },
      null,
    ],
  ])("%j", async (item, tool, output, answer, unanswered) => {
    const { define, stream } = await ask(item, [tool as ToolParam]);
    expect(stream.commonFinishReasons).toEqual(["tool_calls"]);
    expect(stream.warnings.map(({ code }) => code)).not.toContain("undeclared_tool");
    const [asked] = stream.message?.output ?? [];
    if (asked === undefined) return expect.unreachable();
    const outputs = [[nativeCall(asked), output]] as const;
    expect(stream.history(outputs).slice(1)).toMatchObject([{ type: item.type }, answer]);
    expect(stream.history().slice(1)).toMatchObject(unanswered === null ? [] : [{ type: item.type }, unanswered]);
    // The program has to do it: an agent stops there.
    const run = agent(define, { maxTurns: 3 })();
    await run.finish();
    expect(run.turns).toHaveLength(1);
  });

  it("may be answered by an item as it is", async () => {
    const item: Item = { type: "apply_patch_call", ...ids, operation: { type: "delete_file", path: "a.txt" } };
    const { stream } = await ask(item, [{ type: "apply_patch" }]);
    const [asked] = stream.message?.output ?? [];
    const answer = { type: "apply_patch_call_output", status: "completed", output: "Gone." };
    expect(stream.history([[nativeCall(asked as object), answer]]).at(-1)).toEqual({ ...answer, call_id: "call_1" });
  });

  it.each<[what: string, output: unknown, sent: unknown]>([
    ["a part", { type: "input_image", image_url: "https://a.test/1.png", detail: "low" }, "same"],
    [
      "parts",
      [
        { type: "input_text", text: "A" },
        { type: "input_file", file_id: "file_1" },
      ],
      "same",
    ],
    ["data of a like type", [{ type: "input_image", width: 3 }], "json"],
    ["data beside a part", [{ type: "input_text", text: "A" }, { n: 1 }], "json"],
    ["an empty list", [], "json"],
    ["text that is JSON", '{"type":"input_image","image_url":"https://a.test/1.png"}', "text"],
    ["text that is an item", '{"type":"function_call_output","call_id":"x","output":"y"}', "text"],
  ])(
    "are answered by parts in the API's own shape, and by nothing else as if it were that: %s",
    async (_, output, sent) => {
      const item: Item = { type: "function_call", ...ids, name: "look", arguments: "{}" };
      const { stream } = await ask(item, [{ type: "function", name: "look", parameters: null, strict: false }]);
      const [asked] = stream.message?.output ?? [];
      const forms: Record<string, unknown> = { same: [output].flat(), json: JSON.stringify(output), text: output };
      expect(stream.history([[nativeCall(asked as object), output]]).at(-1)).toEqual({
        type: "function_call_output",
        call_id: "call_1",
        output: typeof sent === "string" ? forms[sent] : sent,
      });
    },
  );
});
