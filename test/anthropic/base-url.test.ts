import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { InvalidOptionError } from "../../src/errors.ts";
import { call, client, type ClientOptions } from "../../src/providers/anthropic/index.ts";
import { reply } from "../server.ts";

beforeEach(() => {
  for (const name of ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"]) vi.stubEnv(name, undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});

/** The URL and the headers that a request has. */
async function sent(options: ClientOptions): Promise<{ readonly url: string; readonly headers: Headers }> {
  const requests: { url: string; headers: Headers }[] = [];
  const own = client({
    ...options,
    fetch: (url, { headers }) => {
      requests.push({ url, headers: new Headers(headers) });
      return Promise.resolve(new Response(reply("Hi")));
    },
  });
  expect((await call("claude-sonnet-5-5", { client: own }, () => "Hello")()).content).toBe("Hi");
  expect(requests).toHaveLength(1);
  return requests[0]!;
}

/** A page in a browser. */
function inBrowser(href = "https://app.example.com/chat/?room=1#top"): void {
  vi.stubGlobal("window", globalThis);
  vi.stubGlobal("document", {});
  vi.stubGlobal("location", { href });
}

describe("a base URL", () => {
  it.each([
    ["https://gw.example.com", "https://gw.example.com/v1/messages"],
    ["https://gw.example.com/", "https://gw.example.com/v1/messages"],
    ["https://gw.example.com//", "https://gw.example.com/v1/messages"],
    [" \thttps://gw.example.com/api/anthropic \n", "https://gw.example.com/api/anthropic/v1/messages"],
    ["https://gw.example.com/v1", "https://gw.example.com/v1/messages"],
    ["https://gw.example.com/v1/", "https://gw.example.com/v1/messages"],
    ["https://gw.example.com/proxy/v1/messages/", "https://gw.example.com/proxy/v1/messages"],
    ["https://gw.example.com/api/v10", "https://gw.example.com/api/v10/v1/messages"],
    ["https://gw.example.com/apiv1", "https://gw.example.com/apiv1/v1/messages"],
    ["https://gw.example.com/?team=a%20b", "https://gw.example.com/v1/messages?team=a%20b"],
    ["https://gw.example.com/v1?team=search&x=/v1/", "https://gw.example.com/v1/messages?team=search&x=/v1/"],
    ["https://gw.example.com/v1#section", "https://gw.example.com/v1/messages"],
    ["https://gw.example.com?#", "https://gw.example.com/v1/messages"],
    ["HTTPS://GW.Example.com:443/A b", "https://gw.example.com/A%20b/v1/messages"],
    ["http://127.0.0.1:4000/v1", "http://127.0.0.1:4000/v1/messages"],
    ["http://0.0.0.0:4000", "http://0.0.0.0:4000/v1/messages"],
    ["http://gateway.localhost", "http://gateway.localhost/v1/messages"],
    ["http://[::1]:4000/", "http://[::1]:4000/v1/messages"],
  ])("%o", async (baseURL, url) => {
    expect((await sent({ apiKey: "k", baseURL })).url).toBe(url);
    vi.stubEnv("ANTHROPIC_BASE_URL", baseURL);
    expect((await sent({ apiKey: "k" })).url).toBe(url);
  });

  it.each([
    ["gw.example.com", /in full, such as https:/],
    ["gw.example.com/v1", /in full, such as https:/],
    ["localhost:4000", /in full, such as https:/],
    ["api", /in full, such as https:/],
    ["/api", /in full, such as https:/],
    ["./api", /in full, such as https:/],
    ["//gw.example.com", /in full, such as https:/],
    ["", /in full, such as https:/],
    ["https://", /in full, such as https:/],
    ["ftp://gw.example.com", /in full, such as https:/],
    ["user:sk-canary@gw.example.com", /in full, such as https:/],
    ["https://user:sk-canary@gw.example.com", /pass its credentials as options/],
    ["http://gw.example.com?key=sk-canary", /gw\.example\.com unencrypted\. Use https:/],
    ["http://localhost.example.com", /unencrypted/],
  ])("%o, with which it says what to write", async (baseURL, says) => {
    const error: unknown = await sent({ apiKey: "k", baseURL }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error).toMatchObject({ option: "baseURL", message: expect.stringMatching(says) });
    expect(String(error)).not.toContain("canary");
  });
});

describe("in a browser", () => {
  it.each([
    ["/api", "https://app.example.com/api/v1/messages"],
    ["/api/v1/?a=1", "https://app.example.com/api/v1/messages?a=1"],
    ["./api", "https://app.example.com/chat/api/v1/messages"],
    ["../api", "https://app.example.com/api/v1/messages"],
    ["/", "https://app.example.com/v1/messages"],
    ["//gw.example.com/", "https://gw.example.com/v1/messages"],
    ["https://gw.example.com", "https://gw.example.com/v1/messages"],
  ])("a server of one's own needs no key: %s", async (baseURL, url) => {
    inBrowser();
    const request = await sent({ baseURL });
    expect(request.url).toBe(url);
    expect([request.headers.get("x-api-key"), request.headers.get("authorization")]).toEqual([null, null]);
  });

  it("a page that came unencrypted may ask its own server, and no other", async () => {
    inBrowser("http://app.example.com/");
    expect((await sent({ baseURL: "/api" })).url).toBe("http://app.example.com/api/v1/messages");
    await expect(sent({ baseURL: "http://gw.example.com" })).rejects.toMatchObject({ option: "baseURL" });
  });

  it("a worker has no document, and its address is as good", async () => {
    vi.stubGlobal("location", { href: "https://app.example.com/worker.js" });
    expect((await sent({ baseURL: "/api" })).url).toBe("https://app.example.com/api/v1/messages");
  });

  it.each<[string, ClientOptions]>([
    ["a key", { apiKey: "sk-canary", baseURL: "/api" }],
    ["a token", { authToken: "sk-canary", baseURL: "https://gw.example.com" }],
    ["neither a key nor an address", {}],
  ])("%s is refused", async (_, options) => {
    inBrowser();
    const error: unknown = await sent(options).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "invalid_option", message: expect.stringMatching(/server of yours.*baseURL/) });
    expect(String(error)).not.toContain("canary");
  });

  it("a key is sent where that is asked for by name", async () => {
    inBrowser();
    const request = await sent({ apiKey: "k", baseURL: "/api", dangerouslyAllowBrowser: true });
    expect(request.headers.get("x-api-key")).toBe("k");
  });

  it("a name without a scheme is not taken for a path", async () => {
    inBrowser();
    for (const baseURL of ["gw.example.com", "api", "localhost:4000"]) {
      await expect(sent({ baseURL })).rejects.toMatchObject({ option: "baseURL" });
    }
  });
});

it("outside a browser a key is needed, whatever the address", async () => {
  await expect(sent({ baseURL: "https://gw.example.com" })).rejects.toMatchObject({
    code: "missing_api_key",
    variable: "ANTHROPIC_API_KEY",
  });
});
