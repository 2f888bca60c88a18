import { inspect } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import * as z from "zod";
import { MillraceError, tool } from "../../src/index.ts";
import { call, type Client, client } from "../../src/providers/anthropic/index.ts";
import { call as structured } from "../../src/providers/anthropic/structured.ts";
import { fakeAnthropic, reply, toolUse, apiError } from "../../src/testing/index.ts";

const KEY = "sk-ant-SECRET-0123456789";
const MODEL = "claude-sonnet-5-5";
const input = z.strictObject({});

async function serve(replies: NonNullable<Parameters<typeof fakeAnthropic>[0]>["replies"]): Promise<string> {
  const server = await fakeAnthropic({ replies });
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server.url;
}

const shown = (value: unknown): string => inspect(value, { depth: 9, showHidden: true });

describe("S14: the secrets of a call", () => {
  it("are not in the error of a tool's input, nor in warnings", async () => {
    const baseURL = await serve([reply(toolUse("t", { [KEY]: 1 }), toolUse(KEY, {}))]);
    const tools = [tool({ name: "t", description: "A tool.", input, call: () => 1 })];
    const response = await call(MODEL, { client: client({ apiKey: KEY, baseURL }), tools }, () => "hi")();
    expect(response.tools[0]?.error?.message).toBe('Tool "t": invalid input: Unrecognized key: "[redacted]"');
    expect(shown(response.tools[0]?.error)).not.toContain("SECRET");
    expect(response.warnings).toHaveLength(2);
    expect(JSON.stringify(response.warnings)).not.toContain("SECRET");
    expect(response.tools[0]?.text).toContain(KEY);
  });

  it("are not in the error of a response model, which keeps the response", async () => {
    const baseURL = await serve([JSON.stringify({ [KEY]: 1 })]);
    const ask = structured(MODEL, { client: client({ apiKey: KEY, baseURL }), responseModel: input }, () => "hi");
    const error = await ask().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      message: 'The reply is not what responseModel asks for: Unrecognized key: "[redacted]"',
      response: { content: `{"${KEY}":1}` },
    });
  });

  it("are those of all its clients", async () => {
    const other = "sk-ant-OTHER-9876543210";
    const text = `Your key is ${KEY}. `.repeat(3);
    const baseURL = await serve([reply(text, { disconnectAfter: -3 }), apiError(400)]);
    const ask = call(
      MODEL,
      {
        stream: true,
        client: client({ apiKey: KEY, baseURL }),
        onInterrupt: "restart",
        retry: { attempts: 1 },
        fallback: [{ model: "claude-haiku-5-5", client: client({ apiKey: other, baseURL }) }],
      },
      () => "hi",
    );
    const stream = ask();
    await stream.response().catch(() => {});
    expect(stream.error?.code).toBe("api_error");
    expect(stream.error?.partial?.content).toContain("Your key is [redacted].");
    expect(shown(stream.error)).not.toContain("SECRET");
  });
});

/** What throws wherever it is looked at. */
function hostile(): readonly (readonly [name: string, value: unknown])[] {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const refuse = (): never => {
    throw new Error("no");
  };
  const traps = { get: refuse, getPrototypeOf: refuse, ownKeys: refuse, has: refuse, isExtensible: refuse };
  return [
    ["a revoked proxy", proxy],
    ["an object that cannot be read", new Proxy({}, traps)],
    ["an error that cannot be read", new Proxy(new MillraceErrorOfATest(), { get: refuse })],
  ];
}

class MillraceErrorOfATest extends MillraceError {
  readonly code = "protocol";
  constructor() {
    super("");
  }
}

/** What is looked at of a stream. */
interface Opened {
  readonly outcome: string;
  readonly error: MillraceError | null;
  response(): Promise<unknown>;
}

function thrower(thrown: unknown): () => string {
  return () => {
    throw thrown;
  };
}

const response = async (): Promise<Response> => new Response("{}", { status: 500 });

describe.each(hostile())("%s", (_, thrown) => {
  const refuse = thrower(thrown);
  const options = { apiKey: KEY, baseURL: "http://127.0.0.1:1" };

  const common = { stream: true, retry: { attempts: 1 } } as const;
  const limiter = {
    enter: () => ({
      leave() {},
      ready: Promise.resolve()
        .then(refuse)
        .then(() => {}),
    }),
    observe() {},
  };
  const fallback = [{ model: MODEL, when: () => refuse() === "" }];
  const at = (fetch: () => Promise<Response>): Client => client({ ...options, fetch });
  const refused = async (): Promise<Response> => Promise.reject(thrown);
  const cases: readonly (readonly [name: string, open: () => Opened])[] = [
    ["fetch", call(MODEL, { ...common, client: at(() => (refuse(), response())) }, () => "hi")],
    ["fetch, later", call(MODEL, { ...common, client: at(refused) }, () => "hi")],
    ["a prompt function", call(MODEL, { ...common, client: client(options) }, refuse)],
    ["a limiter", call(MODEL, { ...common, limiter, client: client(options) }, () => "hi")],
    ["a fallback's condition", call(MODEL, { ...common, fallback, client: at(response) }, () => "hi")],
  ];

  it.each(cases)("thrown by %s ends the call with a typed error", async (_name, open) => {
    const stream = open();
    const error = await stream.response().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(MillraceError);
    expect(stream.outcome).toBe("failed");
    expect(stream.error?.stack).not.toContain("SECRET");
  });

  it("is a reason to abort", async () => {
    const baseURL = await serve([reply("hello ".repeat(50))]);
    for (const isSignal of [true, false]) {
      const controller = new AbortController();
      const { signal } = controller;
      const ask = call(MODEL, { stream: true, signal, client: client({ apiKey: KEY, baseURL }) }, () => "hi");
      const stream = ask();
      const reading = (async () => {
        for await (const [chunk] of stream) {
          if (chunk.content === "") continue;
          if (isSignal) controller.abort(thrown);
          else stream.abort(thrown);
        }
      })();
      await expect(reading).rejects.toMatchObject({ code: "stream_aborted" });
      expect(stream.outcome).toBe("aborted");
    }
  });

  it("thrown by a validator or a tool is that call's error", async () => {
    const baseURL = await serve([reply(toolUse("t", {}))]);
    const schema = z.object({}).refine(() => refuse() === "");
    const tools = [tool({ name: "t", description: "A tool.", input: schema, call: refuse })];
    const answer = await call(MODEL, { client: client({ apiKey: KEY, baseURL }), tools }, () => "hi")();
    expect(answer.tools[0]?.error?.code).toBe("tool_input");
  });
});
