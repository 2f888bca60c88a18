import {
  chat,
  memoryStream,
  resumeServerSentEventsResponse,
  RUN_CANCEL_REASON,
  toServerSentEventsResponse,
} from "@tanstack/ai";
import { createAnthropicChat } from "@tanstack/ai-anthropic";
import { eventsIn, readingOf } from "./shared.mjs";

/** Its responses, with its durability in memory. The page names a run, and so it does here. */
export async function open({ baseURL }, faulty) {
  const runs = new Map();
  const latest = new Map();
  return {
    async produce(place, { run = crypto.randomUUID() }) {
      const runId = `${place}-${run}`;
      const abortController = new AbortController();
      runs.set(runId, abortController);
      latest.set(place, run);
      const stream = chat({
        adapter: createAnthropicChat("claude-sonnet-5-5", "any", { baseURL }),
        messages: [{ role: "user", content: "Count." }],
        abortController,
        runId,
      });
      const durability = { adapter: faulty(memoryStream({ runId })) };
      const source = (async function* () {
        yield* stream;
        runs.delete(runId);
      })();
      return reading(toServerSentEventsResponse(source, { abortController, durability, debug: false }), run);
    },
    async read(place, { run = latest.get(place), after = "-1" }) {
      if (run === undefined) return null;
      const adapter = memoryStream({ runId: `${place}-${run}`, offset: after });
      return reading(resumeServerSentEventsResponse({ adapter, debug: false }), run, after);
    },
    async stop(place, run = latest.get(place)) {
      const controller = runs.get(`${place}-${run}`);
      if (controller === undefined) return false;
      controller.abort(RUN_CANCEL_REASON);
      return true;
    },
  };
}

function reading(response, run, startsAt) {
  async function* take(pieces, tell) {
    for await (const { data, id } of eventsIn(pieces)) {
      const event = JSON.parse(data);
      if (event.type === "RUN_FINISHED") tell("complete");
      if (event.type === "RUN_ERROR" && isAbort(event)) tell("aborted");
      else if (event.type === "RUN_ERROR") throw new Error(event.message ?? event.error?.message);
      yield { text: event.type === "TEXT_MESSAGE_CONTENT" ? event.delta : "", position: id };
    }
  }
  return readingOf(response.body.pipeThrough(new TextDecoderStream()), take, { run, startsAt });
}

const isAbort = (event) => /abort|cancel/i.test(`${event.code} ${event.message} ${event.error?.code}`);
