import { once } from "node:events";
import { connect, createServer } from "node:net";

/** Passes connections on to a port of this machine, until it is told otherwise. */
export async function startProxy(to) {
  const sockets = new Set();
  let isCut = false;
  let isSilent = false;
  const server = createServer((near) => {
    if (isCut) return void near.resetAndDestroy();
    const far = connect(to, "127.0.0.1");
    for (const [one, other] of [
      [near, far],
      [far, near],
    ]) {
      sockets.add(one);
      one.on("error", () => {});
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
      one.on("data", (bytes) => other.write(bytes));
      if (isSilent) one.pause();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = () => {
    isCut = true;
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    port: server.address().port,
    /** Resets all connections, and each new one, until `mend`. */
    cut,
    /** Connections stay open, and nothing comes through, until `mend`. */
    silence() {
      isSilent = true;
      for (const socket of sockets) socket.pause();
    },
    mend() {
      isCut = isSilent = false;
      for (const socket of sockets) socket.resume();
    },
    async close() {
      isCut = true;
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
