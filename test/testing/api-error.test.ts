import { describe, expect, it } from "vitest";
import { apiError, type ApiErrorOptions, fakeAnthropic } from "millrace/testing";
import { params, post } from "./client.ts";

async function play(status: number, options?: ApiErrorOptions, stream = true) {
  await using server = await fakeAnthropic({ replies: apiError(status, undefined, undefined, options) });
  return await post(server.url, { ...params, stream });
}

describe("an error response", () => {
  it.each([400, 401, 402, 403, 404, 405, 408, 409, 413, 418, 422, 425, 429, 500, 501, 502, 503, 504, 520, 529, 599])(
    "has status %d, and the API's advice on retrying",
    async (status) => {
      for (const stream of [true, false]) {
        const { body, ...received } = await play(status, {}, stream);
        expect(received.status).toBe(status);
        const retries = status >= 500 || [408, 409, 429].includes(status);
        expect(received.headers["x-should-retry"]).toBe(String(retries));
        expect(JSON.parse(body.toString())).toMatchObject({
          type: "error",
          error: { type: expect.stringMatching(/_error$|_large$/) as string },
          request_id: received.headers["request-id"],
        });
      }
    },
  );

  it.each<[name: string, value: string]>([
    ["retry-after", "0"],
    ["retry-after", "7"],
    ["retry-after", "0.25"],
    ["retry-after", "Wed, 21 Oct 2015 07:28:00 GMT"],
    ["retry-after", new Date(Date.now() + 2000).toUTCString()],
    ["retry-after", "Fri, 31 Dec 9999 23:59:59 GMT"],
    ["retry-after", "-1"],
    ["retry-after", "1e308"],
    ["retry-after", "99999999999999999999"],
    ["retry-after", "NaN"],
    ["retry-after", "soon"],
    ["retry-after", ""],
    ["retry-after-ms", "150"],
    ["retry-after-ms", "-5"],
    ["retry-after-ms", "Infinity"],
    ["x-should-retry", "false"],
    ["x-should-retry", "perhaps"],
    ["anthropic-ratelimit-requests-remaining", "0"],
  ])("says %s: %s", async (name, value) => {
    for (const body of ["json", "html", "empty"] as const) {
      expect((await play(429, { headers: { [name]: value }, body })).headers[name]).toBe(value);
    }
  });

  it("takes several headers, with names in any case, and omits those that are null", async () => {
    const given = { "Retry-After": "1", "retry-after-ms": "20", "X-Should-Retry": "true", "Request-Id": null };
    const { headers: received } = await play(400, { headers: given });
    expect(received).toMatchObject({ "retry-after": "1", "retry-after-ms": "20", "x-should-retry": "true" });
    expect(received).not.toHaveProperty("request-id");
    const none = await play(503, { headers: { "x-should-retry": null } });
    expect(none.headers).not.toHaveProperty("x-should-retry");
    const typed = await play(500, { body: "html", headers: { "Content-Type": "application/json" } });
    expect(typed.headers["content-type"]).toBe("application/json");
  });

  it("may have status 200 without being a reply", async () => {
    const text = "<html>Please sign in</html>";
    const { status, headers: received, body } = await play(200, { body: { text, contentType: "text/html" } });
    expect([status, received["content-type"], body.toString()]).toEqual([200, "text/html", text]);
  });
});
