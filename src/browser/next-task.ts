interface Scheduler {
  readonly yield?: (() => Promise<void>) | undefined;
}

/** How long a page may be kept busy, in milliseconds. */
const SLICE_MS = 8;

/** Lets the page do something else, once it has been kept busy for some time. */
export class TaskSlice {
  #start = performance.now();

  get isOver(): boolean {
    return performance.now() - this.#start > SLICE_MS;
  }

  async next(): Promise<void> {
    const { scheduler } = globalThis as { readonly scheduler?: Scheduler };
    await (scheduler?.yield === undefined ? nextMessage() : scheduler.yield());
    this.#start = performance.now();
  }
}

/** Unlike a timer, a message is not delayed: not after several of them, and not in a tab that nobody sees. */
function nextMessage(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
