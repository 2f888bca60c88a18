import { once } from "node:events";
import { createServer } from "node:http";

/**
 * Stands in for Upstash: their REST API in front of a real Redis, as far as `@upstash/redis` uses it here.
 *
 * @param {(command: string, ...args: string[]) => Promise<unknown>} call - Runs a command of Redis.
 */
export async function serveUpstash(call) {
  const server = createServer(async (request, response) => {
    const body = await jsonIn(request);
    const encode = request.headers["upstash-encoding"] === "base64" ? encoded : (value) => value;
    const run = async ([command = "", ...args]) => {
      try {
        return { result: encode(await call(command, ...args)) };
      } catch (error) {
        return { error: error instanceof Error ? error.message : String(error) };
      }
    };
    const isPipeline = request.url === "/pipeline";
    const reply = isPipeline ? await Promise.all(body.map(run)) : await run(body);
    response.statusCode = "error" in reply ? 400 : 200;
    response.setHeader("content-type", "application/json").end(JSON.stringify(reply));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function jsonIn(request) {
  let text = "";
  for await (const part of request.setEncoding("utf8")) text += part;
  return JSON.parse(text);
}

function encoded(value) {
  if (Array.isArray(value)) return value.map(encoded);
  return typeof value === "string" && value !== "OK" ? Buffer.from(value).toString("base64") : value;
}
