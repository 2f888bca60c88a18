import type { Log, RunKey } from "../../src/log/log.ts";

/** A log whose producer can die: nothing that it does reaches the log then, until it wakes up. */
export function mortal(log: Log): { readonly log: Log; die(): void; wake(): void } {
  let awake = Promise.resolve();
  let wake = (): void => {};
  const method =
    <Args extends readonly unknown[], R>(call: (...args: Args) => Promise<R>) =>
    async (...args: Args): Promise<R> => {
      await awake;
      return call(...args);
    };
  const wrapped: Log = {
    begin: method((...args) => log.begin(...args)),
    append: method((...args) => log.append(...args)),
    end: method((...args) => log.end(...args)),
    take: method((...args) => log.take(...args)),
    read: method((...args) => log.read(...args)),
    wait: method((...args) => log.wait(...args)),
    stop: method((...args) => log.stop(...args)),
    latest: method((...args) => log.latest(...args)),
    remove: method((...args) => log.remove(...args)),
  };
  return { log: wrapped, die: () => void (awake = new Promise((resolve) => (wake = resolve))), wake: () => wake() };
}

/** Whether the log has this text of a run. */
export async function logged(log: Log, key: RunKey, text = ""): Promise<boolean> {
  const { entries = [] } = (await log.read(key, 0)) ?? {};
  return entries.some(({ data }) => data.includes(text));
}
