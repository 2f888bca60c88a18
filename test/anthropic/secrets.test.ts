import type { ServerResponse } from "node:http";
import { inspect } from "node:util";
import Anthropic from "@anthropic-ai/sdk";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MillraceError } from "../../src/errors.ts";
import { type AnthropicCallOptions, call, client, limiter } from "../../src/providers/anthropic/index.ts";
import { apiError, type DeliveryOptions, fakeAnthropic, reply, type Script } from "../../src/testing/index.ts";
import { delta, frames, serve, started, startStream } from "../server.ts";

const KEY = "sk-ant-canary-0123456789";
const TOKEN = "token-canary-0123456789";
const HEADER = "header-canary-0123456789";
const MCP = "mcp-canary-0123456789";
const CANARY = /canary/;
const CREDENTIAL = /(ant|token|mcp)-canary/;

const faults: Record<string, Script | DeliveryOptions> = {
  nothing: {},
  "no response": { noResponse: true },
  "a reset before content": { disconnectAfter: 1 },
  "a reset after content": { disconnectAfter: 5, reset: true },
  "a half-open close": { disconnectAfter: 5, halfClose: true },
  "an end before the message's": { endAfter: 5 },
  "an end within a frame": { endAtByte: 900 },
  "a stall": { stallAfter: 5, stallPings: 20 },
  "an error event": { errorAfter: 5 },
  "a broken frame": { malformAt: 4 },
  "a duplicate": { duplicateAt: 0 },
  "swapped events": { swapAt: 1 },
  "invalid UTF-8": { invalidUtf8At: 4 },
  "a frame without end": { endless: "padding", endlessBytes: 2 ** 26 },
  "another content type": { contentType: "text/html" },
  ...Object.fromEntries(
    [400, 401, 403, 404, 413, 429, 500, 529].flatMap((status) => [
      [`${status}`, apiError(status, undefined, undefined, { headers: { "retry-after-ms": "1" } })],
      [`${status} as HTML`, apiError(status, undefined, undefined, { body: "html" })],
    ]),
  ),
};

const output = vi.fn();
beforeEach(() => {
  for (const name of ["log", "info", "warn", "error", "debug"] as const) {
    vi.spyOn(console, name).mockImplementation(output);
  }
  vi.spyOn(process.stderr, "write").mockImplementation((text) => (output(String(text)), true));
});
afterEach(() => void vi.restoreAllMocks());

/** Everything that a log could show of a value. */
function shown(value: unknown): string {
  const error = value instanceof Error ? [value.message, value.stack, String(value)] : [];
  return [...error, JSON.stringify(value) ?? "", inspect(value, { depth: 20 }), inspect(output.mock.calls)].join("\n");
}

describe("secrets", () => {
  it.each(Object.entries(faults))("are nowhere after %s", async (_, fault) => {
    const isScript = typeof fault === "object" && "kind" in fault;
    const replies = isScript
      ? (fault as Script)
      : reply("It was a bright cold day in April.", fault as DeliveryOptions);
    await using server = await fakeAnthropic({ replies, validate: false });
    for (const credential of [{ apiKey: KEY }, { authToken: TOKEN }]) {
      const own = client({ ...credential, baseURL: server.url, headers: { "x-team": HEADER } });
      const ask = call(
        "claude-sonnet-5-5",
        {
          stream: true,
          client: own,
          limiter: limiter(),
          retry: { delay: 1, attempts: 2 },
          onInterrupt: "restart",
          timeout: { idle: 100, firstContent: 500 },
          callParams: {
            extra_headers: { "x-more": HEADER },
            extra_body: {
              mcp_servers: [{ type: "url", url: "https://m.example", name: "m", authorization_token: MCP }],
            },
          },
        },
        () => "Hello",
      );
      const stream = ask();
      const error: unknown = await stream.response().catch((thrown: unknown) => thrown);
      for (const value of [error, stream, stream.error, stream.attempts, own, ask]) {
        expect(shown(value)).not.toMatch(CANARY);
      }
      // A test may look at the headers that its program adds; credentials it may not.
      for (const value of [server.requests, server]) expect(shown(value)).not.toMatch(CREDENTIAL);
      expect(server.requests.length).toBeGreaterThan(0);
    }
  });
});

describe("a secret that a server gives back", () => {
  /** The error of a request whose secrets are KEY and MCP. */
  async function errorOf(
    respond: (response: ServerResponse) => void,
    own: (url: string) => AnthropicCallOptions["client"] = (baseURL) => client({ apiKey: KEY, baseURL }),
  ): Promise<MillraceError> {
    await using server = await serve(respond);
    const url = `https://m.example/mcp?api_key=${MCP}`;
    const mcp_servers = [{ type: "url", url, name: "m", authorization_token: `Bearer ${TOKEN}` }];
    const options: AnthropicCallOptions = {
      client: own(server.url),
      retry: false,
      callParams: { extra_body: { mcp_servers } },
    };
    const ask = call("claude-sonnet-5-5", { ...options, stream: true }, () => "Hello");
    const error: unknown = await ask()
      .response()
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(MillraceError);
    expect(JSON.stringify(server.requests[0]?.body)).toContain(MCP);
    return error as MillraceError;
  }

  /** Texts in which the words of the error are cut within a secret. */
  const cut = [190, 195, 65_530].map(
    (length) => `${"No such key: ".repeat(length).slice(0, length)} ${KEY} ${MCP} ${TOKEN}`,
  );

  it.each([401, 200])("is not left over where the words are cut (%i)", async (status) => {
    for (const text of cut) {
      for (const body of [text, `<html>${text}</html>`, JSON.stringify({ error: text }), JSON.stringify(text)]) {
        const error = await errorOf((response) => response.writeHead(status).end(body));
        expect(shown(error)).not.toMatch(/sk-ant|canary|0123/);
      }
    }
  });

  it("is not left over of an error event whose words are cut", async () => {
    for (const text of cut) {
      for (const data of [text, JSON.stringify({ type: "error", error: text })]) {
        const error = await errorOf((response) => startStream(response).end(`event: error\ndata: ${data}\n\n`));
        expect(error).toMatchObject({ code: "api_error" });
        expect(shown(error)).not.toMatch(/sk-ant|canary|0123/);
      }
    }
  });

  it("is not in what had been received either; the stream itself has it as it came", async () => {
    await using server = await serve((response) => {
      response
        .writeHead(200)
        .write(frames([...started, delta(`Your key is ${KEY}`)]), () => response.socket?.destroySoon());
    });
    const own = client({ apiKey: KEY, baseURL: server.url });
    const stream = call("claude-sonnet-5-5", { stream: true, client: own, retry: false }, () => "Hello")();
    const error: unknown = await stream.response().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "stream_truncated", partial: { content: "Your key is [redacted]" } });
    expect(shown([error, (error as MillraceError).partial])).not.toMatch(CANARY);
    expect(stream.content).toBe(`Your key is ${KEY}`);
  });

  it("is not shown of an SDK client", async () => {
    const text = JSON.stringify({ type: "error", error: { type: "api_error", message: `${KEY} ${HEADER} ${MCP}` } });
    const error = await errorOf(
      (response) => response.writeHead(401, { "content-type": "application/json" }).end(text),
      (baseURL) => new Anthropic({ apiKey: KEY, baseURL, defaultHeaders: { "X-Team": HEADER } }),
    );
    expect(error).toMatchObject({ status: 401, providerMessage: "[redacted] [redacted] [redacted]" });
    expect(shown(error)).not.toMatch(CANARY);
  });
});
