import * as zlib from "node:zlib";
import { describe, expect, it } from "vitest";
import { fetchTransport } from "../../src/http/fetch.ts";
import { sendByNode } from "../../src/http/node.ts";
import { pulledBody } from "../../src/http/pulled-body.ts";
import { readText, type Transport } from "../../src/http/request.ts";
import { serve } from "../server.ts";
import { requestTo } from "./exchange.ts";

const { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } = zlib;
const { BROTLI_OPERATION_FLUSH, Z_SYNC_FLUSH } = zlib.constants;

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

  it.each<[string, ...((bytes: zlib.InputType) => Uint8Array)[]]>([
    ["gzip", gzipSync],
    ["GZip", gzipSync],
    ["x-gzip", gzipSync],
    ["gzip, gzip", gzipSync, gzipSync],
    ["BR", brotliCompressSync],
    ["Deflate", deflateSync],
    ["deflate", deflateRawSync],
    ["deflate", (bytes) => deflateRawSync(bytes, { level: 0 })],
    ["deflate, br", deflateSync, brotliCompressSync],
    ["none"],
    ["None"],
    ["identity"],
    ["Identity, IDENTITY"],
    ["utf-8"],
    [""],
  ])("is readable as %o", async (encoding, ...layers) => {
    const bytes = layers.reduce<Uint8Array>((inner, compress) => compress(inner), Buffer.from("Bad gateway"));
    await using server = await serve((response) => {
      response.writeHead(502, { "content-encoding": encoding });
      // The first byte alone has to tell.
      response.write(bytes.subarray(0, 1), () => setImmediate(() => response.end(bytes.subarray(1))));
    });
    const { status, body } = await transport(requestTo(server.url)).response;
    expect([status, await readText(body, 1000), body.failure]).toEqual([502, "Bad gateway", null]);
  });
});

describe("the text of a body", () => {
  it("is readable where a proxy has decompressed it and left the header", async () => {
    await using server = await serve((response) => {
      response.writeHead(502, { "content-encoding": "gzip" }).end("Bad gateway");
    });
    const { body } = await sendByNode(requestTo(server.url)).response;
    expect(await readText(body, 1000)).toBe("Bad gateway");
    expect(body.failure).toBeNull();
  });

  it("is readable as zstd where Node is new enough", async () => {
    const { zstdCompressSync: compress }: typeof zlib & { zstdCompressSync?: (text: string) => Uint8Array } = zlib;
    await using server = await serve((response) => {
      response.writeHead(502, { "content-encoding": "Zstd" }).end(compress?.("Bad gateway") ?? "?");
    });
    const { status, body } = await sendByNode(requestTo(server.url)).response;
    expect([status, await readText(body, 1000)]).toEqual([502, compress ? "Bad gateway" : ""]);
    expect(body.failure === null).toBe(compress !== undefined);
  });

  it.each<[string, (finishFlush: zlib.ZlibOptions & zlib.BrotliOptions) => Uint8Array, number]>([
    ["gzip", (options) => gzipSync("Bad gateway", options), Z_SYNC_FLUSH],
    ["br", (options) => brotliCompressSync("Bad gateway", options), BROTLI_OPERATION_FLUSH],
    ["deflate", (options) => deflateRawSync("Bad gateway", options), Z_SYNC_FLUSH],
  ])("is what came of it where the rest does not come (%s)", async (encoding, compress, finishFlush) => {
    const bytes = compress({ finishFlush });
    await using server = await serve((response) => {
      response.writeHead(502, { "content-encoding": encoding });
      response.write(bytes, () => response.socket?.destroySoon());
    });
    const { body } = await sendByNode(requestTo(server.url)).response;
    expect(await readText(body, 1000)).toBe("Bad gateway");
    expect(body.failure).toBeInstanceOf(Error);
  });

  it("is empty where nothing comes of it", async () => {
    await using server = await serve((response) => {
      response.writeHead(502, { "content-encoding": "deflate" }).flushHeaders();
      response.socket?.destroySoon();
    });
    const { body } = await sendByNode(requestTo(server.url)).response;
    expect(await readText(body, 1000)).toBe("");
    expect(body.failure).toBeInstanceOf(Error);
  });

  it("says what is wrong where it is not compressed as it claims", async () => {
    await using server = await serve((response) => {
      response.writeHead(502, { "content-encoding": "gzip, gzip" }).end(gzipSync("Bad gateway"));
    });
    const { body } = await sendByNode(requestTo(server.url)).response;
    expect(await readText(body, 1000)).toBe("");
    expect(body.failure).toMatchObject({ code: "Z_DATA_ERROR" });
  });

  it("is not decompressed without end", async () => {
    await using server = await serve((response) => {
      let bytes: Uint8Array = Buffer.from("Bad gateway");
      for (let layer = 0; layer < 5; layer++) bytes = gzipSync(bytes);
      response.writeHead(502, { "content-encoding": "gzip,".repeat(5) }).end(bytes);
    });
    const { body } = await sendByNode(requestTo(server.url)).response;
    expect(await readText(body, 1000)).not.toContain("Bad");
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
