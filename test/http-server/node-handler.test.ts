import { once } from "node:events";
import { createServer, request as httpRequest, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { text as textOf } from "node:stream/consumers";
import express from "express";
import { describe, expect, it, vi } from "vitest";
import { nodeHandler } from "../../src/neutral-http.ts";
import { within } from "../contract/reading.ts";

/** Serves on loopback as long as `use` runs. */
async function serving(listener: RequestListener, use: (url: string) => Promise<void>): Promise<void> {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const echo = nodeHandler(async (request) => {
  const headers = new Headers({ "x-method": request.method, "x-url": request.url });
  for (const cookie of ["a=1", "b=2"]) headers.append("set-cookie", cookie);
  return new Response(await request.text(), { status: 201, headers });
});

describe("nodeHandler", () => {
  it("gives a listener of node:http", async () => {
    await serving(echo, async (url) => {
      const body = "x".repeat(300_000);
      const response = await fetch(`${url}/a?b=c`, { method: "POST", body });
      expect([response.status, response.headers.get("x-method")]).toEqual([201, "POST"]);
      expect(response.headers.get("x-url")).toBe(`${url}/a?b=c`);
      expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
      expect(await response.text()).toBe(body);
      const head = await fetch(url, { method: "HEAD" });
      expect([head.status, await head.text()]).toEqual([201, ""]);
    });
  });

  it("works in Express, in a router, behind express.json()", async () => {
    const app = express();
    const router = express.Router();
    const failing = nodeHandler(() => Promise.reject(new Error("secret")));
    router.post("/raw", echo);
    router.post("/json", express.json(), echo);
    router.post("/failing", failing);
    app.use("/api", router);
    app.use(((error: Error, _request, response, _next) => {
      response.status(503).send(error.message.length.toString());
    }) as express.ErrorRequestHandler);
    await serving(app, async (url) => {
      for (const path of ["/api/raw", "/api/json"]) {
        const headers = { "content-type": "application/json" };
        const response = await fetch(url + path, { method: "POST", headers, body: '{"a":[1]}' });
        expect([response.headers.get("x-url"), await response.json()]).toEqual([url + path, { a: [1] }]);
      }
      expect((await fetch(`${url}/api/failing`, { method: "POST" })).status).toBe(503);
    });
  });

  it("makes a 500 of what a handler throws, and a 400 of a request that cannot be", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    const handler = nodeHandler((request) => {
      throw new Error(`secret ${request.url}`);
    });
    await serving(handler, async (url) => {
      const response = await fetch(url);
      expect([response.status, await response.text()]).toEqual([500, "Something went wrong on the server."]);
      expect(logged).toHaveBeenCalledOnce();
      const bad = httpRequest(`${url}/`, { headers: { host: "a b" } }).end();
      const [answer] = await once(bad, "response");
      expect([answer.statusCode, await textOf(answer)]).toEqual([400, ""]);
    });
    logged.mockRestore();
  });

  it("tells the handler that the client has left, and cancels the body", async () => {
    const events: string[] = [];
    const handler = nodeHandler((request) => {
      request.signal.addEventListener("abort", () => events.push("abort"));
      const body = new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(100_000)),
        cancel: () => void events.push("cancel"),
      });
      return new Response(body);
    });
    await serving(handler, async (url) => {
      const leaving = new AbortController();
      const response = await fetch(url, { signal: leaving.signal });
      await response.body!.getReader().read();
      leaving.abort();
      await within(
        500,
        vi.waitFor(() => expect(events.toSorted()).toEqual(["abort", "cancel"])),
        "noticed",
      );
    });
  });

  it("sends at the pace of the client", async () => {
    let sent = 0;
    const handler = nodeHandler(() => {
      const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
        sent += 64_000;
        if (sent > 64_000_000) controller.close();
        else controller.enqueue(new Uint8Array(64_000));
      };
      return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }));
    });
    await serving(handler, async (url) => {
      const request = httpRequest(url).end();
      const [response] = await once(request, "response");
      response.pause();
      let last = -1;
      // Once nothing more has been sent for a while, the client holds it up.
      await expect.poll(() => last === (last = sent), { interval: 30 }).toBe(true);
      expect(sent).toBeLessThan(20_000_000);
      request.destroy();
    });
  });

  it("breaks the connection where the body breaks", async () => {
    const handler = nodeHandler(() => {
      let count = 0;
      const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void =>
        count++ === 0 ? controller.enqueue(new Uint8Array(10)) : controller.error(new Error("cut"));
      return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }));
    });
    await serving(handler, async (url) => {
      await expect((await fetch(url)).arrayBuffer()).rejects.toThrow();
    });
  });
});
