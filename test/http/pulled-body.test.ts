import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Pieces, pulledBody } from "../../src/http/pulled-body.ts";
import { ready } from "./exchange.ts";

const unhandled = vi.fn();
beforeEach(() => {
  process.on("unhandledRejection", unhandled);
  return async () => {
    await new Promise(setImmediate);
    process.off("unhandledRejection", unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  };
});
afterEach(() => unhandled.mockClear());

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("a body that is pulled", () => {
  it.each<[string, Pieces["return"]]>([
    [
      "throws",
      () => {
        throw new Error("mine");
      },
    ],
    ["rejects", () => Promise.reject(new Error("mine"))],
    ["gives something other than a promise", () => 1 as never],
    ["gives nothing", () => undefined],
    ["is missing", undefined],
  ])("closes, although the source's return %s", async (_, giveUp) => {
    const body = pulledBody({ next: () => new Promise(() => {}), ...(giveUp && { return: giveUp }) });
    body.take();
    body.close();
    expect([body.take(), body.ended]).toEqual([null, true]);
  });

  it("has nothing more to say once it is closed", async () => {
    let arrive: (piece: { value: Uint8Array }) => void = () => {};
    const body = pulledBody({ next: () => new Promise((resolve) => (arrive = resolve)) });
    const onReady = vi.fn();
    body.onReady = onReady;
    body.take();
    body.close();
    arrive({ value: bytes("late") });
    await new Promise(setImmediate);
    expect([body.take(), body.ended, body.failure]).toEqual([null, true, null]);
    expect(onReady).not.toHaveBeenCalled();
  });

  it("gives up what had arrived when it is closed", async () => {
    const body = pulledBody({ next: async () => ({ value: bytes("Hi") }) });
    body.take();
    await ready(body);
    body.close();
    expect(body.take()).toBeNull();
  });

  it("does not call its reader while that takes, even if the source throws at once", async () => {
    let isTaking = false;
    const body = pulledBody({
      next() {
        throw new Error("mine");
      },
    });
    body.onReady = () => expect(isTaking).toBe(false);
    isTaking = true;
    expect(body.take()).toBeNull();
    isTaking = false;
    expect([body.ended, body.failure]).toEqual([true, new Error("mine")]);
  });

  it("when finished, is read to its end", async () => {
    let pulls = 0;
    const giveUp = vi.fn();
    const body = pulledBody({
      next: async () => (++pulls > 5 ? {} : { value: bytes("rest") }),
      return: giveUp,
    });
    body.finish();
    await vi.waitFor(() => expect(body.ended).toBe(true));
    expect(pulls).toBe(6);
    expect(giveUp).not.toHaveBeenCalled();
  });

  it("when finished, is given up if there is too much more", async () => {
    let pulls = 0;
    const giveUp = vi.fn();
    const body = pulledBody({
      next: async () => {
        if (++pulls > 10_000) throw new Error("read without end");
        return { value: new Uint8Array(pulls % 2 === 0 ? 0 : 32) };
      },
      return: giveUp,
    });
    body.finish();
    await vi.waitFor(() => expect(body.ended).toBe(true));
    expect([giveUp.mock.calls.length, body.failure]).toEqual([1, null]);
  });
});
