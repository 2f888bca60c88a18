import { afterEach, describe, expect, it, vi } from "vitest";
import { MissingApiKeyError } from "../../src/errors.ts";
import { createClient, destinationOf } from "../../src/http/client.ts";
import { type OpenAIClientOptions, openAISettings, openAIUrl } from "../../src/providers/openai-platform/client.ts";
import { requestSecrets } from "../../src/providers/openai-platform/secrets.ts";
import { hasCreate } from "../../src/providers/openai-platform/sdk-client.ts";

const VARIABLES = ["OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "GROQ_API_KEY"];

afterEach(() => void vi.unstubAllEnvs());

function withEnvironment(given: Readonly<Record<string, string>>): void {
  for (const name of VARIABLES) vi.stubEnv(name, given[name] ?? "");
}

const settings = openAISettings();
const reach = (options: OpenAIClientOptions, of = settings) => destinationOf(of, createClient(of, options));

describe("openAISettings", () => {
  it("reads the environment", () => {
    withEnvironment({
      OPENAI_API_KEY: "sk-1",
      OPENAI_BASE_URL: "https://gateway.example.com/v1/",
      OPENAI_ORG_ID: "org-1",
      OPENAI_PROJECT_ID: "proj-1",
    });
    expect(destinationOf(settings, undefined)).toMatchObject({
      baseURL: "https://gateway.example.com/v1",
      headers: { authorization: "Bearer sk-1", "openai-organization": "org-1", "openai-project": "proj-1" },
    });
  });

  it("prefers options", () => {
    withEnvironment({ OPENAI_API_KEY: "sk-1", OPENAI_ORG_ID: "org-1" });
    expect(reach({ apiKey: "sk-2", organization: "org-2", project: "p" })).toMatchObject({
      baseURL: "https://api.openai.com/v1",
      headers: { authorization: "Bearer sk-2", "openai-organization": "org-2", "openai-project": "p" },
    });
  });

  it("needs a key for OpenAI, and none for an address that is given", () => {
    withEnvironment({});
    expect(() => destinationOf(settings, undefined)).toThrow(MissingApiKeyError);
    expect(reach({ baseURL: "http://127.0.0.1:8000/v1" }).headers).not.toHaveProperty("authorization");
  });

  it("knows other servers' variables and headers, and does not name OpenAI's account to them", () => {
    withEnvironment({ OPENAI_API_KEY: "sk-1", OPENAI_ORG_ID: "org-1", GROQ_API_KEY: "gsk-1" });
    const groq = openAISettings({ baseURL: "https://api.groq.com/openai/v1", keyVariable: "GROQ_API_KEY" });
    const { baseURL, headers } = reach({}, groq);
    expect(baseURL).toBe("https://api.groq.com/openai/v1");
    expect(headers).toMatchObject({ authorization: "Bearer gsk-1" });
    expect(headers).not.toHaveProperty("openai-organization");
    const azure = openAISettings({ keyVariable: "AZURE_OPENAI_API_KEY", keyHeader: "api-key" });
    expect(reach({ apiKey: "k" }, azure).headers).toMatchObject({ "api-key": "k" });
    const ollama = openAISettings({ baseURL: "http://127.0.0.1:11434/v1", keyVariable: null });
    expect(reach({}, ollama).headers).not.toHaveProperty("authorization");
  });
});

describe("openAIUrl", () => {
  it.each([
    ["https://api.openai.com/v1", "", "https://api.openai.com/v1/responses"],
    ["https://api.openai.com", "", "https://api.openai.com/v1/responses"],
    ["https://eu.api.openai.com", "", "https://eu.api.openai.com/v1/responses"],
    ["https://api.deepseek.com", "", "https://api.deepseek.com/responses"],
    [
      "https://x.openai.azure.com/openai/v1",
      "?api-version=preview",
      "https://x.openai.azure.com/openai/v1/responses?api-version=preview",
    ],
    ["https://api.openai.com/v1/chat/completions", "", "https://api.openai.com/v1/responses"],
    ["http://127.0.0.1:1234/v1/responses", "", "http://127.0.0.1:1234/v1/responses"],
  ])("of %s", (baseURL, query, url) => {
    expect(openAIUrl(baseURL, "/responses", query)).toBe(url);
  });

  it("joins queries", () => {
    expect(openAIUrl("http://h/v1", "/responses/r?stream=true", "?a=b")).toBe(
      "http://h/v1/responses/r?stream=true&a=b",
    );
  });
});

describe("requestSecrets", () => {
  it("has keys, and the credentials of MCP servers", () => {
    const tools = [
      {
        type: "mcp",
        authorization: "token-1",
        headers: { "x-key": "secret-2" },
        server_url: "https://m.example.com/?k=secret-3",
      },
      null,
    ];
    const secrets = requestSecrets({ authorization: "Bearer sk-1", "x-title": "App" }, "https://h/v1", { tools });
    expect(secrets).toEqual(expect.arrayContaining(["sk-1", "token-1", "secret-2", "secret-3"]));
    expect(secrets).not.toContain("App");
  });
});

describe("hasCreate", () => {
  it("knows a client by its shape", () => {
    const create = (): void => {};
    expect(hasCreate({ chat: { completions: { create } } }, ["chat", "completions"])).toBe(true);
    expect(hasCreate({ responses: {} }, ["responses"])).toBe(false);
    expect(hasCreate(null, ["responses"])).toBe(false);
  });
});
