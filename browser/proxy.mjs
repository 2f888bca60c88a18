import { once } from "node:events";
import { connect, createServer } from "node:net";

/** An address that stays while servers behind it come and go: `port` is that of the one behind it. */
export async function startProxy(port) {
  const sockets = new Set();
  const proxy = { target: port };
  const server = createServer((incoming) => {
    const outgoing = connect(proxy.target, "127.0.0.1");
    sockets.add(incoming);
    incoming
      .on("error", () => {})
      .on("close", () => {
        sockets.delete(incoming);
        outgoing.destroy();
      });
    outgoing.on("error", () => {}).on("close", () => incoming.destroy());
    incoming.pipe(outgoing);
    outgoing.pipe(incoming);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return Object.assign(proxy, {
    port: server.address().port,
    /** Cuts all connections. */
    cut() {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    async close() {
      proxy.cut();
      server.close();
      await once(server, "close");
    },
  });
}
