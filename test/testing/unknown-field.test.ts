import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { block, type FakeAnthropic, fakeAnthropic, type FakeAnthropicOptions, reply, text } from "millrace/testing";
import { assistant, base as anyBase, headers, type Json, tool, user } from "./request-cases.ts";

const base = { ...anyBase, model: "house-model" };
const EXTRA = "Extra inputs are not permitted";
const CHOICES = "'auto', 'any', 'tool', 'none'";

let server: FakeAnthropic;
const start = (options: FakeAnthropicOptions = {}): Promise<FakeAnthropic> =>
  fakeAnthropic({ replies: "Hi", models: ["house-model"], ...options });
beforeAll(async () => void (server = await start()));
afterAll(() => server.close());

/** The message with which a request is refused, or null. */
async function refusal(body: Json, betas = "", at = server, path = "/v1/messages"): Promise<string | null> {
  const sent = betas === "" ? headers : { ...headers, "anthropic-beta": betas };
  const response = await fetch(at.url + path, { method: "POST", headers: sent, body: JSON.stringify(body) });
  const answer = (await response.json()) as { error?: { message: string } };
  return answer.error?.message ?? null;
}

const says = (blocks: readonly Json[]): Json => ({ messages: [user("a"), assistant(blocks), user("b")] });
const asks = (...blocks: readonly Json[]): Json => ({ messages: [user(blocks)] });
const answers = (result: Json): Json => ({
  messages: [
    user("a"),
    assistant([{ type: "tool_use", id: "t", name: "f", input: {} }]),
    user([{ type: "tool_result", tool_use_id: "t", ...result }]),
  ],
});
const source = { type: "base64", media_type: "image/png", data: "aaaa" };

describe("a name that the API does not know", () => {
  it.each<[path: string, body: Json]>([
    ["seed", { seed: 1 }],
    ["seed", { seed: null }],
    ["response_format", { response_format: { type: "json_object" }, seed: 1 }],
    ["betas", { betas: ["compact-2026-09-04"] }],
    ["metadata.session", { metadata: { user_id: "u", session: 1 } }],
    ["output_config.verbosity", { output_config: { effort: "low", verbosity: "low" } }],
    ["output_config.format.name", { output_config: { format: { type: "json_schema", schema: {}, name: "n" } } }],
    ["thinking.enabled.effort", { thinking: { type: "enabled", budget_tokens: 1024, effort: "low" } }],
    ["thinking.disabled.display", { thinking: { type: "disabled", display: "omitted" } }],
    ["container.skills.0.name", { container: { skills: [{ type: "anthropic", skill_id: "pdf", name: "pdf" }] } }],
    ["cache_control.ephemeral.scope", { cache_control: { type: "ephemeral", scope: "global" } }],
    [
      "system.0.cache_control.ephemeral.scope",
      { system: [{ type: "text", text: "a", cache_control: { type: "ephemeral", scope: "global" } }] },
    ],
    [
      "tool_choice.none.disable_parallel_tool_use",
      { tools: [tool], tool_choice: { type: "none", disable_parallel_tool_use: true } },
    ],
    ["tool_choice.any.name", { tools: [tool], tool_choice: { type: "any", name: "f" } }],
    ["tools.1.custom.parameters", { tools: [tool, { ...tool, name: "g", parameters: {} }] }],
    [
      "tools.0.web_search_20250305.response_inclusion",
      { tools: [{ type: "web_search_20250305", name: "web_search", response_inclusion: "full" }] },
    ],
    [
      "tools.0.computer_toolset_20260801.configs.navigate",
      { tools: [{ type: "computer_toolset_20260801", configs: { navigate: { enabled: true } } }] },
    ],
    ["messages.0.name", { messages: [{ ...user("a"), name: "n" }] }],
    ["messages.0.content.0.text.id", asks({ type: "text", text: "a", id: "i" })],
    [
      "messages.0.content.1.image.source.base64.detail",
      asks({ type: "text", text: "a" }, { type: "image", source: { ...source, detail: "low" } }),
    ],
    [
      "messages.0.content.0.document.source.content.content.0.text.id",
      asks({ type: "document", source: { type: "content", content: [{ type: "text", text: "a", id: 1 }] } }),
    ],
    [
      "messages.1.content.0.thinking.cache_control",
      says([{ type: "thinking", thinking: "", signature: "s", cache_control: { type: "ephemeral" } }]),
    ],
    [
      "messages.1.content.0.text.citations.0.char_location.page",
      says([{ type: "text", text: "a", citations: [{ type: "char_location", page: 1 }] }]),
    ],
    [
      "messages.1.content.0.web_search_tool_result.content.0.web_search_result.text",
      says([{ type: "web_search_tool_result", tool_use_id: "s", content: [{ type: "web_search_result", text: "a" }] }]),
    ],
    [
      "messages.1.content.0.server_tool_use.caller.direct.tool_id",
      says([
        { type: "server_tool_use", id: "s", name: "web_search", input: {}, caller: { type: "direct", tool_id: "t" } },
      ]),
    ],
    ["messages.1.content.0.tool_use.text", says([{ type: "tool_use", id: "t", name: "f", input: {}, text: "" }])],
    ["messages.2.content.0.tool_result.name", answers({ name: "f" })],
    [
      "messages.2.content.0.tool_result.content.0.image.source.base64.detail",
      answers({ content: [{ type: "image", source: { ...source, detail: "low" } }] }),
    ],
  ])("%s is refused", async (path, body) => {
    expect(await refusal({ ...base, ...body })).toBe(`${path}: ${EXTRA}`);
  });

  it.each<[message: string | RegExp, body: Json]>([
    ["tool_choice: Input should be an object", { tools: [tool], tool_choice: "auto" }],
    ["tool_choice: Input should be an object", { tools: [tool], tool_choice: null }],
    ["tool_choice.type: Field required", { tools: [tool], tool_choice: {} }],
    [
      `tool_choice: Input tag 'required' found using 'type' does not match any of the expected tags: ${CHOICES}`,
      { tools: [tool], tool_choice: { type: "required" } },
    ],
    [
      /^tool_choice: Input tag 'function' found/,
      { tools: [tool], tool_choice: { type: "function", function: { name: "f" } } },
    ],
    [
      /^tools\.0: Input tag 'function' found using 'type' .*: 'bash_20250124', 'browser_toolset_20260801', .*, 'custom', /,
      { tools: [{ type: "function", function: {} }] },
    ],
    [
      /^thinking: Input tag 'auto' .*: 'adaptive', 'between_tools', 'disabled', 'enabled'$/,
      { thinking: { type: "auto" } },
    ],
    [
      /^messages\.0\.content\.0: Input tag 'image_url' .*, 'document', 'image', /,
      asks({ type: "image_url", image_url: {} }),
    ],
    ["messages.0.content.0.type: Field required", asks({ text: "a" })],
    ["messages.0.content.0: Input should be an object", { messages: [user(["a"])] }],
    [/^messages\.2\.content\.0\.tool_result\.content\.0: Input tag 'json' /, answers({ content: [{ type: "json" }] })],
  ])("%s", async (message, body) => {
    expect(await refusal({ ...base, ...body })).toMatch(message);
  });

  it("is refused in a count of tokens, as are the fields that only a reply has", async () => {
    const { max_tokens: _, ...counted } = base;
    const count = (body: Json): Promise<string | null> =>
      refusal({ ...counted, ...body }, "", server, "/v1/messages/count_tokens");
    expect(await count({ system: "a", tools: [tool], tool_choice: { type: "auto" } })).toBeNull();
    for (const name of ["seed", "max_tokens", "metadata", "stop_sequences", "temperature", "stream"]) {
      expect(await count({ [name]: 1 })).toBe(`${name}: ${EXTRA}`);
    }
  });
});

describe("a name that a beta brings", () => {
  const system = { role: "system", content: "c" };
  const mcp = { mcp_servers: [{ type: "url", name: "n", url: "https://example.org" }] };
  const display = { thinking: { type: "adaptive", display: "updates" } };
  const compaction = [{ type: "compaction", content: "c", signature: "s" }];
  const edits = (...types: string[]): Json => ({ context_management: { edits: types.map((type) => ({ type })) } });
  const addition = (reference: Json): Json => ({
    messages: [user("a"), { role: "system", content: [{ type: "tool_addition", tool: reference }] }],
  });
  const definition = { type: "tool_definition", definition: { ...tool, name: "g" } };

  it.each<[path: string, betas: readonly string[], body: Json]>([
    ["billing_policy", ["user-profiles-billing-2026-10-01"], { billing_policy: { type: "billing_policy" } }],
    ["compaction", ["compact-2026-09-04"], { compaction: { type: "summarize" } }],
    ["context_management", ["context-management-2025-06-27"], edits("clear_thinking_20251015")],
    ["fallback_credit_token", ["fallback-credit-2026-07-01"], { fallback_credit_token: "t" }],
    [
      "fallbacks",
      ["server-side-fallback-2026-06-01", "server-side-fallback-2026-07-01"],
      { fallbacks: [{ model: "m" }] },
    ],
    ["mcp_servers", ["mcp-client-2025-04-04", "mcp-client-2025-11-20"], mcp],
    ["output_format", ["structured-outputs-2025-11-13"], { output_format: { type: "json_schema", schema: {} } }],
    ["thread", ["message-threads-2026-08-12"], { thread: { type: "create" } }],
    ["speed", ["fast-mode-2026-02-01"], { model: "claude-opus-5", speed: "standard" }],
    [
      "output_config.task_budget",
      ["task-budgets-2026-03-13"],
      { output_config: { task_budget: { type: "tokens", total: 20_000 } } },
    ],
    [
      "thinking.adaptive.block_binding",
      ["thinking-binding-controls-2026-08-01"],
      { thinking: { type: "adaptive", block_binding: {} } },
    ],
    [
      "messages.1.clear_at",
      ["mid-conversation-system-clear-at-2026-08-21"],
      { messages: [user("a"), { ...system, clear_at: "next_user_message" }] },
    ],
    [
      "messages.1.output_config",
      ["mid-conversation-output-config-2026-07-01"],
      { messages: [user("a"), { ...system, output_config: { effort: "low" } }] },
    ],
  ])("%s is refused without it", async (path, betas, body) => {
    expect(await refusal({ ...base, ...body })).toBe(`${path}: ${EXTRA}`);
    expect(await refusal({ ...base, ...body }, "token-counting-2024-11-01")).toBe(`${path}: ${EXTRA}`);
    for (const beta of betas) expect(await refusal({ ...base, ...body }, beta)).toBeNull();
  });

  it.each<[what: string, beta: string, body: Json, message: RegExp]>([
    ["a block", "compact-2026-01-12", says(compaction), /^messages\.1\.content\.0: Input tag 'compaction' /],
    [
      "a block",
      "server-side-fallback-2026-07-01",
      says([{ type: "fallback", from: { model: "m" }, to: { model: "n" } }]),
      /Input tag 'fallback' /,
    ],
    [
      "a tool",
      "mcp-client-2025-11-20",
      { tools: [{ type: "mcp_toolset", mcp_server_name: "n" }] },
      /^tools\.0: Input tag 'mcp_toolset' /,
    ],
    [
      "a tool",
      "computer-use-2025-11-24",
      { tools: [{ type: "computer_20251124", name: "computer" }] },
      /Input tag 'computer_20251124' /,
    ],
    [
      "a change of tools",
      "mid-conversation-tool-changes-2026-07-01",
      addition({ type: "tool_reference", name: "f" }),
      /Input tag 'tool_addition' /,
    ],
    [
      "a value",
      "thinking-display-updates-2026-08-18",
      display,
      /^thinking\.adaptive\.display: Input should be 'summarized', 'omitted'$/,
    ],
  ])("%s of %s", async (_, beta, body, message) => {
    expect(await refusal({ ...base, ...body })).toMatch(message);
    expect(await refusal({ ...base, ...body }, beta)).toBeNull();
  });

  it("may take another beta inside", async () => {
    const compact = edits("compact_20260112");
    expect(await refusal({ ...base, ...compact }, "context-management-2025-06-27")).toBe(
      "context_management.edits.0: Input tag 'compact_20260112' found using 'type' does not match any of the expected " +
        "tags: 'clear_thinking_20251015', 'clear_tool_uses_20250919'",
    );
    expect(await refusal({ ...base, ...compact }, "compact-2026-01-12")).toBeNull();
    const byValue = { ...base, ...addition(definition) };
    expect(await refusal(byValue, "mid-conversation-tool-changes-2026-07-01")).toMatch(/Input tag 'tool_definition' /);
    expect(await refusal(byValue, "inline-tools-2026-09-15")).toBeNull();
    const unknown = { type: "tool_definition", definition: { ...tool, parameters: {} } };
    expect(await refusal({ ...base, ...addition(unknown) }, "inline-tools-2026-09-15")).toMatch(
      /^messages\.1\.content\.0\.tool_addition\.tool\.tool_definition\.definition\.custom\.parameters: Extra/,
    );
    const server = { type: "url", name: "n", url: "https://example.org", headers: {} };
    expect(await refusal({ ...base, mcp_servers: [server] }, "mcp-client-2025-11-20")).toBe(
      `mcp_servers.0.headers: ${EXTRA}`,
    );
  });

  it("is a system message's alone, where it is one", async () => {
    const both = "mid-conversation-system-clear-at-2026-08-21,mid-conversation-output-config-2026-07-01";
    for (const name of ["clear_at", "output_config"]) {
      const body = { ...base, messages: [{ ...user("a"), [name]: {} }] };
      expect(await refusal(body, both)).toBe(`messages.0.${name}: ${name} is only permitted on role 'system' messages`);
    }
  });

  it("is speed, for some models", async () => {
    for (const model of ["claude-opus-5-5", "claude-fable-5-2"])
      expect(await refusal({ ...base, model, speed: "fast" })).toBeNull();
  });
});

describe("a name that is unknown, but accepted", () => {
  it("if it is in a schema or in the input of a tool", async () => {
    const $schema = "https://json-schema.org/draft/2020-12/schema";
    const input_schema = { $schema, type: "object", properties: { a: { "x-made-up": 1 } }, $defs: {}, "x-more": true };
    const said = { type: "tool_use", id: "t", name: "f", input: { type: "made up", made: { up: [1] } } };
    const done = { type: "tool_result", tool_use_id: "t", content: "ok" };
    const messages = [user("a"), assistant([said]), user([done])];
    expect(await refusal({ ...base, tools: [{ ...tool, input_schema }], messages })).toBeNull();
    const schema = { $schema, $id: "a", type: "object", properties: {}, additionalProperties: false };
    const byReference = { $ref: "#/$defs/a", $defs: { a: schema } };
    for (const each of [schema, byReference]) {
      expect(await refusal({ ...base, output_config: { format: { type: "json_schema", schema: each } } })).toBeNull();
    }
  });

  it("if the server is told to", async () => {
    await using told = await start({ fields: ["seed", "id", "image_url"] });
    const body = {
      ...base,
      seed: 1,
      ...asks({ type: "text", text: "a", id: 1 }, { type: "image_url", image_url: {} }),
    };
    expect(await refusal(body, "", told)).toBeNull();
    expect(await refusal({ ...body, other: 1 }, "", told)).toBe(`other: ${EXTRA}`);
  });

  it("if the server has sent it, unless it takes a beta", async () => {
    const parts = [
      block({ type: "hologram", shown: true }),
      block({ type: "text", text: "", mood: "calm", origin: { type: "place", far: 1 } }),
      text("Cited.", { citations: [{ type: "smell_location", cited_text: "a", nose: 1 }] }),
      block({ type: "compaction", content: "c" }),
    ];
    await using strange = await start({ replies: reply(...parts) });
    const response = await fetch(`${strange.url}/v1/messages`, { method: "POST", headers, body: JSON.stringify(base) });
    const { content } = (await response.json()) as { content: Json[] };
    const [hologram = {}, moody = {}, cited = {}, compaction = {}] = content;
    const back = [hologram, { ...moody, text: "a" }, cited];
    expect(await refusal({ ...base, ...says(back) }, "", strange)).toBeNull();
    expect(await refusal({ ...base, ...says(back) })).toMatch(/^messages\.1\.content\.0: Input tag 'hologram' /);
    expect(await refusal({ ...base, ...says([{ ...moody, text: "a", more: 1 }]) }, "", strange)).toMatch(
      /text\.more: Extra/,
    );
    expect(await refusal({ ...base, ...says([compaction]) }, "", strange)).toMatch(/Input tag 'compaction' /);
  });

  it("if nothing is validated", async () => {
    await using lax = await start({ validate: false });
    expect(await refusal({ ...base, seed: 1, tool_choice: "auto" }, "", lax)).toBeNull();
  });
});

/** What `@ai-sdk/anthropic` 3.0.140 sent by way of `ai` 6.0.325, whose results then went back to it. */
const requests = JSON.parse(readFileSync(new URL("ai-sdk-requests.json", import.meta.url), "utf8")) as {
  name: string;
  betas: string;
  body: Json;
}[];

it.each(requests)("@ai-sdk/anthropic asks for $name", async ({ betas, body }) => {
  expect(await refusal({ ...body, stream: false }, betas)).toBeNull();
});
