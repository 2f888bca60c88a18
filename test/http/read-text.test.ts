import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { fetchTransport } from "../../src/http/fetch.ts";
import { sendByNode } from "../../src/http/node.ts";
import { pulledBody } from "../../src/http/pulled-body.ts";
import { readText, type Transport } from "../../src/http/request.ts";
import { serve } from "../server.ts";
import { requestTo } from "./exchange.ts";

const transports: [string, Transport][] = [
  ["node:http", sendByNode],
  ["fetch", fetchTransport(fetch)],
];

describe.each(transports)("the text of a body (%s)", (_, transport) => {
  it("ends at the limit where the body does not, and the connection with it", async () => {
    await using server = await serve((response) => {
      response.writeHead(500);
      const write = (): void => {
        while (response.write("x".repeat(4096)));
      };
      response.on("drain", write);
      write();
    });
    const { body } = await transport(requestTo(server.url)).response;
    const text = await readText(body, 10_000);
    expect(text).toBe("x".repeat(10_000));
    await expect.poll(() => server.inUse()).toBe(0);
  });

  it.each(["nothing more comes", "more comes without end"])("is what came in time where %s", async (when) => {
    await using server = await serve((response) => {
      response.writeHead(500).write("Bad");
      if (when === "nothing more comes") return;
      const timer = setInterval(() => response.write("."), 5);
      response.on("close", () => clearInterval(timer));
    });
    const { body } = await transport(requestTo(server.url)).response;
    expect(await readText(body, 1000, 60)).toMatch(/^Bad\.*$/);
    await expect.poll(() => server.inUse()).toBe(0);
  });

  it("is whole where it ends in time", async () => {
    await using server = await serve((response) => void response.writeHead(500).end("Bad gateway"));
    const { body } = await transport(requestTo(server.url)).response;
    expect(await readText(body, 1000, 10_000)).toBe("Bad gateway");
  });

  it.each([
    ["gzip", 1],
    ["GZip", 1],
    ["x-gzip", 1],
    ["gzip, gzip", 2],
  ])("is readable as %s", async (encoding, layers) => {
    await using server = await serve((response) => {
      let bytes: Uint8Array = Buffer.from("Bad gateway");
      for (let layer = 0; layer < layers; layer++) bytes = gzipSync(bytes);
      response.writeHead(502, { "content-encoding": encoding }).end(bytes);
    });
    const { body } = await transport(requestTo(server.url)).response;
    expect(await readText(body, 1000)).toBe("Bad gateway");
  });
});

describe("the text of a body", () => {
  it.each(["Identity", "identity, IDENTITY", ""])("is readable as %o", async (encoding) => {
    await using server = await serve((response) => {
      response.writeHead(502, { "content-encoding": encoding }).end("Bad gateway");
    });
    const { body } = await sendByNode(requestTo(server.url)).response;
    expect(await readText(body, 1000)).toBe("Bad gateway");
    expect(body.failure).toBeNull();
  });

  it("says what is wrong where it is not compressed as it claims", async () => {
    await using server = await serve((response) => {
      response.writeHead(502, { "content-encoding": "gzip, gzip" }).end(gzipSync("Bad gateway"));
    });
    const { body } = await sendByNode(requestTo(server.url)).response;
    expect(await readText(body, 1000)).toBe("");
    expect(body.failure).toMatchObject({ code: "Z_DATA_ERROR" });
  });

  it("is refused where it is compressed many times over", async () => {
    await using server = await serve((response) => {
      response.writeHead(502, { "content-encoding": "gzip,".repeat(100) }).end("x");
    });
    await expect(sendByNode(requestTo(server.url)).response).rejects.toMatchObject({ code: "connection" });
    await expect.poll(() => server.inUse()).toBe(0);
  });

  it("ends although the pieces of the body are empty", async () => {
    let pulls = 0;
    const body = pulledBody({
      next: async () => {
        if (++pulls > 10_000) throw new Error("read without end");
        return { value: new Uint8Array() };
      },
    });
    expect(await readText(body, 1000)).toBe("");
    expect([pulls <= 1001, body.failure]).toEqual([true, null]);
  });
});
