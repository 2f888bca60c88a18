// Recorded streams with bytes changed by chance: each comes to an outcome, and is complete only if a stop reason is left.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createParser } from "eventsource-parser";
import { call, client } from "../dist/anthropic.js";
import { expect } from "./harness.mjs";
import { random } from "./plan.mjs";

const folder = resolve(process.env.MILLRACE_STREAMS ?? "../shared/streams", "anthropic");
/** Longer ones say nothing new, and take longer. */
const LONGEST_BYTES = 8_000;
/** A stream that is in memory ends at once, or 2 s after its stop reason. */
const HANG_MS = 10_000;
const OUTCOMES = ["complete", "truncated", "failed"];

function recordings() {
  if (!existsSync(folder)) throw new Error(`There are no recorded streams at ${folder}. Set MILLRACE_STREAMS.`);
  return readdirSync(folder)
    .filter((name) => /\.(sse|jsonl)$/.test(name))
    .map((name) => {
      const text = readFileSync(join(folder, name), "utf8");
      if (name.endsWith(".sse")) return Buffer.from(text);
      const lines = text.split("\n").filter(Boolean);
      return Buffer.from(lines.map((line) => `event: ${JSON.parse(line).type}\ndata: ${line}\n\n`).join(""));
    })
    .filter(({ length }) => length <= LONGEST_BYTES);
}

/** One of: a byte changed, a byte left out, a byte added, a part left out, a part twice, the end cut off. */
function mutated(bytes, next) {
  const at = Math.floor(next() * bytes.length);
  const length = 1 + Math.floor(next() * 40);
  const value = Math.floor(next() * 256);
  const head = bytes.subarray(0, at);
  switch (Math.floor(next() * 6)) {
    case 0: {
      const copy = Buffer.from(bytes);
      copy[at] = value;
      return copy;
    }
    case 1:
      return Buffer.concat([head, bytes.subarray(at + 1)]);
    case 2:
      return Buffer.concat([head, Buffer.of(value), bytes.subarray(at)]);
    case 3:
      return Buffer.concat([head, bytes.subarray(at + length)]);
    case 4:
      return Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
    default:
      return Buffer.from(head);
  }
}

/** Whether a stop reason is in these bytes, as another parser reads them. */
function hasStopReason(bytes) {
  let found = false;
  const parser = createParser({
    onEvent({ data }) {
      try {
        const { delta, message } = JSON.parse(data);
        found ||= typeof (delta?.stop_reason ?? message?.stop_reason) === "string";
      } catch {}
    },
  });
  parser.feed(new TextDecoder().decode(bytes));
  parser.feed("\n\n");
  return found;
}

export async function fuzz({ mutations = 1_000_000, seed = 1 }, print) {
  const all = recordings();
  const counts = {};
  const unhandled = [];
  process.on("unhandledRejection", (reason) => unhandled.push(reason));
  let body = Buffer.alloc(0);
  const respond = async () => new Response(body, { headers: { "content-type": "text/event-stream" } });
  const own = client({ apiKey: "sk-ant-test", baseURL: "http://127.0.0.1:1", fetch: respond });
  const ask = call("claude-sonnet-5-5", { stream: true, client: own, retry: false }, () => "Hello");
  let drawn = seed * 7_919;
  const next = () => random(drawn++);
  for (let done = 0; done < mutations; done++) {
    body = mutated(all[done % all.length], next);
    if (next() < 0.3) body = mutated(body.length > 0 ? body : Buffer.from("x"), next);
    const stream = ask();
    const hang = setTimeout(() => stream.abort("hangs"), HANG_MS);
    await stream.response().catch(() => {});
    clearTimeout(hang);
    const { outcome } = stream;
    const where = `mutation ${done} of seed ${seed}: ${JSON.stringify(body.toString("latin1"))}`;
    expect(OUTCOMES.includes(outcome), `${outcome} after ${where}`);
    expect(outcome !== "complete" || hasStopReason(body), `complete without a stop reason after ${where}`);
    void [stream.content, stream.usage, stream.cost, stream.messageParam, stream.history(), stream.tools];
    counts[outcome] = (counts[outcome] ?? 0) + 1;
    if ((done + 1) % 100_000 === 0) print(`${done + 1} mutations so far`);
  }
  await new Promise((settled) => setImmediate(settled));
  expect(unhandled.length === 0, `unhandled: ${unhandled[0]}`);
  print(`${mutations} mutations of ${all.length} recordings: ${JSON.stringify(counts)}`);
}
