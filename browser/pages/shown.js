// What a page shows, in words that all pages share: the runner reads it from the document.

/** Of a message of `useChat`. */
export function shownMessage({ id, role, parts, metadata }) {
  const of = (type) => parts.filter((part) => part.type === type);
  const textOf = (type) => of(type).map(({ text }) => text);
  const tools = parts.filter(({ type }) => type.startsWith("tool-") || type === "dynamic-tool");
  return {
    id,
    role,
    text: textOf("text").join(""),
    thinking: textOf("reasoning").join(""),
    states: of("text").map(({ state }) => state ?? "done"),
    files: of("file").map(({ mediaType }) => mediaType),
    tools: tools.map(({ type, toolName, state, input, output, errorText, approval }) => ({
      name: toolName ?? type.slice("tool-".length),
      state: STATES[state] ?? state,
      input,
      output: output ?? errorText,
      approval: approval?.id,
    })),
    outcome: metadata?.millrace?.outcome,
    usage: metadata?.millrace?.usage?.outputTokens,
  };
}

const STATES = {
  "input-streaming": "streaming",
  "input-available": "complete",
  "output-available": "result",
  "output-error": "failed",
  "output-denied": "denied",
};

/** Messages as they survive a reload. `persist`: none, the user's own (`users`), or all. */
export function storedMessages(id) {
  return JSON.parse(localStorage.getItem(`messages-${id}`) ?? "[]");
}

export function storeMessages(id, messages, persist) {
  const kept = messages.filter(({ role }) => persist === "all" || (persist === "users" && role === "user"));
  localStorage.setItem(`messages-${id}`, JSON.stringify(kept));
}

/** How a page is set up: by its address. */
export const settings = Object.fromEntries(new URLSearchParams(location.search));

/** The longest that the page was kept busy. */
export const busy = { longest: 0 };
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) busy.longest = Math.max(busy.longest, duration);
}).observe({ type: "longtask", buffered: true });

/** Inputs of tools, as they were seen while they streamed. */
export class SeenInputs {
  #last = "";
  list = [];

  add(tools) {
    const inputs = tools.filter(({ state }) => state === "streaming").map(({ input }) => JSON.stringify(input ?? {}));
    const text = inputs.join();
    if (text === this.#last || text === "") return;
    this.#last = text;
    this.list.push(text);
  }
}
