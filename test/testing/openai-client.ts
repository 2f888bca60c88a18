import { type FakeOpenAI, fakeOpenAI, type FakeOpenAIOptions } from "millrace/testing";

type Fields = Record<string, unknown>;

/** A response, read whole. */
export interface Got {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body, if it is JSON. */
  readonly json: Fields;
  /** The data of its frames, but for `[DONE]`. */
  readonly events: readonly Fields[];
}

/** Sends a request to a fake. A body makes it a POST. */
export async function send(server: FakeOpenAI, path: string, body?: unknown, init: RequestInit = {}): Promise<Got> {
  const response = await fetch(server.url + path, {
    ...(body === undefined ? {} : { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body) }),
    headers: { authorization: "Bearer secret-key", "content-type": "application/json" },
    ...init,
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: parsed(text), events: eventsIn(text) };
}

function parsed(text: string): Fields {
  try {
    return JSON.parse(text) as Fields;
  } catch {
    return {};
  }
}

/** The events in a stream. */
export function eventsIn(text: string): readonly Fields[] {
  const data = [...text.matchAll(/^data: ?(.*)$/gm)].map(([, json = ""]) => json);
  return data.filter((json) => json !== "[DONE]" && json !== "").map((json) => JSON.parse(json) as Fields);
}

/** Runs something against a fake that is closed afterwards. */
export async function withFake<T>(options: FakeOpenAIOptions, use: (server: FakeOpenAI) => Promise<T>): Promise<T> {
  await using server = await fakeOpenAI(options);
  return await use(server);
}

export const weather = {
  name: "get_weather",
  description: "The weather",
  parameters: {
    type: "object",
    properties: { city: { type: "string" } },
    required: ["city"],
    additionalProperties: false,
  },
  strict: true,
};

export const chat = { model: "gpt-4o", messages: [{ role: "user", content: "Hello" }], stream: true } as const;
export const chatTools = { tools: [{ type: "function", function: weather }] };
export const responses = { model: "gpt-5.5", input: "Hello", stream: true } as const;
export const responsesTools = { tools: [{ type: "function", ...weather }] };
