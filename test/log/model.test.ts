import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { InvalidOptionError } from "../../src/errors.ts";
import { memoryLog } from "../../src/log/memory-log.ts";
import type { Log } from "../../src/log/log.ts";
import { sample } from "../sample.ts";
import { type Answer, type Call, EMPTY, goesOn, type ModelLog, perform, type RunName } from "./model.ts";
import { type Action, actionsIn, type Process, type Processes, type Second, START, tell } from "./processes.ts";

/** A log, and what the processes know of it. */
interface World {
  readonly log: ModelLog;
  readonly processes: Processes;
  /** What led here on the shortest way; null at the beginning. */
  readonly cameBy: Edge | null;
}

/** A call in a world. */
interface Edge extends Action {
  readonly before: World;
  readonly answer: Answer;
  readonly after: ModelLog;
}

/** Every world that the processes can reach, each once, and every call in each of them. */
function explore(second: Second): { readonly worlds: readonly World[]; readonly edges: readonly Edge[] } {
  const first: World = { log: EMPTY, processes: START, cameBy: null };
  const worlds = [first];
  const known = new Set([keyOf(first)]);
  const edges: Edge[] = [];
  for (const before of worlds) {
    for (const action of actionsIn(before.processes, second)) {
      const [log, answer] = perform(before.log, action.call);
      const edge = { ...action, before, answer, after: log };
      if (!action.isAnswerLost) edges.push(edge);
      const processes = tell(before.processes, action, action.isAnswerLost ? null : { answer });
      const after = { log, processes, cameBy: edge };
      const key = keyOf(after);
      if (known.has(key)) continue;
      known.add(key);
      worlds.push(after);
    }
  }
  return { worlds, edges };
}

/** Worlds with the same key go on alike. It is made by hand, since there are so many. */
function keyOf({ log, processes: { p, q, r } }: Pick<World, "log" | "processes">): string {
  // Of a beat it only matters whether it is still the current one.
  const isCurrent = (run: RunName, beat: number): boolean => log[run]?.beat === beat;
  const runKey = (run: ModelLog[RunName]): string =>
    run === null ? "" : `${run.token},${run.entries.join()},${run.hasLapsed},${run.isEnded},${run.stop}`;
  const callKey = (call: Call | null): string => {
    if (call === null || call.method === "lapse") return "";
    const beat =
      call.method === "take" ? call.beat : call.method === "end" && typeof call.by !== "string" && call.by.beat;
    const rest =
      call.method === "append" ? call.first : call.method === "end" ? call.number : "replace" in call && call.replace;
    return `${call.method},${call.run},${rest},${typeof beat === "number" && isCurrent(call.run, beat)}`;
  };
  const processKey = ({ writes, isDone, seen, unanswered }: Processes[Process]): string =>
    `${writes?.run},${writes?.next},${isDone},${seen && (isCurrent(seen.run, seen.beat) ? seen.last : "old")},${callKey(unanswered)}`;
  return `${runKey(log.one)};${runKey(log.two)};${processKey(p)};${processKey(q)};${processKey(r)}`;
}

function pathTo({ cameBy }: World): Edge[] {
  const path: Edge[] = [];
  for (let edge = cameBy; edge !== null; edge = edge.before.cameBy) path.unshift(edge);
  return path;
}

const explored = [explore("producer"), explore("taker")];
const worlds = explored.flatMap((each) => each.worlds);
const edges = explored.flatMap((each) => each.edges);
const RUNS: readonly RunName[] = ["one", "two"];
const LEASE_MS = 10;

/** A run before and after a call. */
interface Change {
  readonly was: ModelLog[RunName];
  readonly is: ModelLog[RunName];
  readonly edge: Edge;
  /** Whether the call is one of this run. */
  readonly isConcerned: boolean;
}

/** Checks all calls: fails with the shortest way to one for which the check does not hold. */
function expectOfAll(check: (change: Change) => boolean): void {
  const broken = edges.find((edge) =>
    RUNS.some((name) => {
      const isConcerned = edge.call.method !== "lapse" && edge.call.run === name;
      return !check({ was: edge.before.log[name], is: edge.after[name], edge, isConcerned });
    }),
  );
  const story = broken && [...pathTo(broken.before), broken].map(({ by, call, answer }) => ({ by, call, answer }));
  expect(story).toBe(undefined);
}

describe("the rules of a log, for three processes in every order", () => {
  it("meet all that they can do", () => {
    expect(worlds.length).toBeGreaterThan(20_000);
    const seen = new Set(edges.map(({ by, call, answer }) => `${by} ${call.method} ${JSON.stringify(answer)}`));
    for (const told of [
      'q begin "one"',
      'p begin "exists"',
      'p append {"isHeld":true,"stop":"replaced"}',
      'p append {"isHeld":false,"stop":null}',
      'q append {"isHeld":true,"stop":"enough"}',
      "p end false",
      "q take true",
      "q take false",
      "r end true",
      "r end false",
      "r stop false",
    ]) {
      expect([...seen]).toContain(told);
    }
  });

  it("a run has one end at most, and nothing above it", () => {
    for (const run of worlds.flatMap(({ log }) => [log.one, log.two])) {
      const end = run?.entries.findIndex((entry) => entry.startsWith("end")) ?? -1;
      if (end !== (run?.isEnded ? run.entries.length - 1 : -1)) expect(run).toBe("ended once");
    }
  });

  it("entries never change, and none is missing or twice", () => {
    expectOfAll(({ was, is }) => was === null || was.entries.every((entry, at) => is?.entries[at] === entry));
    // Each entry tells its number.
    expectOfAll(({ is }) => is === null || is.entries.every((entry, at) => entry.split(" ")[1] === `${at + 1}`));
  });

  it("only the holder adds entries: after a takeover no longer the former producer", () => {
    expectOfAll(({ was, is, edge: { by, call }, isConcerned }) => {
      if (is === null || is.entries.length === (was?.entries.length ?? 0)) return true;
      const isHolder = was?.token === by;
      return isConcerned && (isHolder || (call.method === "end" && by === "r" && was?.hasLapsed === true));
    });
    expectOfAll(({ was, edge: { call, answer }, isConcerned }) => {
      if (!isConcerned || call.method !== "append") return true;
      const isHeld = was !== null && !was.isEnded && was.token === call.token;
      return JSON.stringify(answer) === JSON.stringify({ isHeld, stop: was?.stop ?? null });
    });
    const orders = worlds.map(({ log }) => log.one?.entries.map((entry) => entry.slice(-1)).join("") ?? "");
    expect(orders).toContain("pq");
    expect(orders.filter((order) => /q.*p/.test(order))).toEqual([]);
  });

  it("a stop stays as it is", () => {
    expectOfAll(({ was, is }) => was === null || was.stop === null || is?.stop === was.stop);
    expectOfAll(({ is, edge: { call, answer }, isConcerned }) =>
      isConcerned && call.method === "stop" && answer === true ? is?.stop !== null : true,
    );
  });

  it("of those that race for a lapsed run, the first wins and the others do not", () => {
    const rivals = (log: ModelLog, run: RunName, beat: number): string => {
      const number = (log[run]?.entries.length ?? 0) + 1;
      const [, takes] = perform(log, { method: "take", run, beat, token: "another" });
      const [, ends] = perform(log, { method: "end", run, by: { beat }, number, entry: "end of another" });
      return `${takes} ${ends}`;
    };
    expectOfAll(({ was, edge: { before, after, call, answer }, isConcerned }) => {
      if (!isConcerned || call.method === "lapse" || !goesOn(was)) return true;
      if (rivals(before.log, call.run, was.beat) !== `${was.hasLapsed} ${was.hasLapsed}`) return false;
      // Whoever asks a second time for what it has already wins nothing.
      const wins = before.log !== after && (call.method === "take" || call.method === "end") && answer === true;
      const renews = call.method === "append" && was.token === call.token;
      return !(wins || renews) || rivals(after, call.run, was.beat) === "false false";
    });
  });

  it("whoever is told that it has taken a run holds it", () => {
    expectOfAll(({ is, edge: { call, answer }, isConcerned }) =>
      isConcerned && call.method === "take" && answer === true ? goesOn(is) && is.token === call.token : true,
    );
  });
});

describe("memoryLog follows the rules", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] }));
  afterEach(() => void vi.useRealTimers());

  it("answers every call as they say, after every way there", async () => {
    const log = memoryLog();
    for (const [nth, edge] of sample(edges, 5_000, "model of a log").entries()) {
      const place = `place ${nth}`;
      const calls = [...pathTo(edge.before), edge];
      for (const { call, answer } of calls) {
        const given = await ask(log, place, call);
        // Most are alike: an assertion for each of them would take longer than the rest.
        if (JSON.stringify(given) !== JSON.stringify(answer)) {
          expect({ calls: calls.map((each) => each.call), at: call, answer: given }).toEqual({ answer });
        }
      }
      for (const run of RUNS) {
        const [, state] = perform(edge.after, { method: "read", run });
        expect(await ask(log, place, { method: "read", run })).toEqual(state);
      }
      await log.remove(place);
    }
  });
});

/** Makes the call of the real log. */
async function ask(log: Log, place: string, call: Call): Promise<Answer> {
  if (call.method === "lapse") {
    vi.advanceTimersByTime(LEASE_MS);
    return null;
  }
  const key = { place, run: call.run };
  switch (call.method) {
    case "begin": {
      const { token, replace } = call;
      const options = { token, replace, leaseMs: LEASE_MS, ttlMs: 1e9 };
      const isError = (error: unknown): boolean => error instanceof InvalidOptionError;
      const obstacle = await log.begin(key, options).catch((error) => (isError(error) ? "exists" : `${error}`));
      return obstacle as RunName | null;
    }
    case "append":
      return await log.append(key, call.token, call.first, call.entries);
    case "end":
      return await log.end(key, call.by, call.number, call.entry);
    case "take":
      return await log.take(key, call.beat, { token: call.token, leaseMs: LEASE_MS });
    case "stop":
      return await log.stop(key, call.reason);
    case "read": {
      const read = await log.read(key, 0);
      if (read === null) return null;
      const { entries, beat, hasLapsed, stop, isEnded } = read;
      return { entries: entries.map(({ data }) => data), beat, hasLapsed, stop, isEnded };
    }
  }
}
