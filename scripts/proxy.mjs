import { once } from "node:events";
import { connect, createServer } from "node:net";

/** Passes connections on to a port of this machine, until it is told otherwise. */
export async function startProxy(to) {
  /** Each end of a connection, and the end that it is passed on to. */
  const ends = new Map();
  let [isCut, isSilent] = [false, false];
  const server = createServer((near) => {
    if (isCut) return void near.resetAndDestroy();
    const far = connect(proxy.target, "127.0.0.1");
    for (const [one, other] of [
      [near, far],
      [far, near],
    ]) {
      ends.set(one, other);
      one.on("error", () => {});
      one.on("close", () => {
        ends.delete(one);
        other.destroy();
      });
      if (!isSilent) one.pipe(other);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const proxy = {
    port: server.address().port,
    target: to,
    reset() {
      for (const end of ends.keys()) end.resetAndDestroy();
    },
    cut() {
      isCut = true;
      proxy.reset();
    },
    silence() {
      isSilent = true;
      for (const end of ends.keys()) end.unpipe();
    },
    mend() {
      if (isSilent) for (const [end, other] of ends) end.pipe(other);
      isCut = isSilent = false;
    },
    async close() {
      proxy.cut();
      server.close();
      await once(server, "close");
    },
  };
  return proxy;
}
