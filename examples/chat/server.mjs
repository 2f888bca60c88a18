/**
 * A chat with tools whose replies survive a reload, a lost connection and the end of its server.
 *
 *   npm run example:chat
 *
 * Without a key a fake provider plays scripts. With ANTHROPIC_API_KEY it is Anthropic. With REDIS_URL conversations and
 * replies are kept in Redis: start a second server there (PORT=3001), open the same address on it, and kill the first in the
 * middle of a reply: the second goes on with it.
 */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { agent, approve, InvalidOptionError, tool } from "millrace";
import { call, client } from "millrace/anthropic";
import { eventsResponse, nodeHandler, resumeResponse, stopResponse, toUIMessages } from "millrace/http";
import { keep, memoryLog, read, redisLog, status, stop } from "millrace/resume";
import { fakeAnthropic, reply, text, thinking, toolUse } from "millrace/testing";
import * as z from "zod";

const { PORT = "3000", REDIS_URL, ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL } = process.env;
const root = new URL("../../", import.meta.url);

// The tools. `reserve_book` asks first.

const SHELF = [
  { title: "The Summer Book", author: "Tove Jansson", year: 1972, shelf: "J 12", copies: 2 },
  { title: "The Left Hand of Darkness", author: "Ursula K. Le Guin", year: 1969, shelf: "L 03", copies: 1 },
  { title: "The Name of the Wind", author: "Patrick Rothfuss", year: 2007, shelf: "R 21", copies: 3 },
  { title: "The Daughter of Time", author: "Josephine Tey", year: 1951, shelf: "T 08", copies: 1 },
];

const search = tool({
  name: "search_catalogue",
  description: "Finds books of the library by subject, mood, title or author.",
  input: z.object({ query: z.string(), limit: z.number().int().max(4).optional() }),
  call: async ({ query, limit = 3 }) => {
    await new Promise((resolve) => setTimeout(resolve, 400));
    const words = query.toLowerCase().split(/\W+/);
    const score = ({ title, author }) =>
      words.filter((word) => `${title} ${author}`.toLowerCase().includes(word)).length;
    return SHELF.toSorted((one, other) => score(other) - score(one)).slice(0, limit);
  },
});

const reserve = tool({
  name: "reserve_book",
  description: "Reserves a copy of a book at the desk, for three days.",
  input: z.object({ title: z.string(), name: z.string().describe("The reader's name, if known.").optional() }),
  needsApproval: true,
  call: async ({ title }) => ({
    title,
    desk: "Ground floor",
    until: new Date(Date.now() + 3 * 86_400_000).toDateString(),
  }),
});

// The model, or what plays its part.

const fake = ANTHROPIC_API_KEY ? null : await fakeAnthropic({ replies: script, pace: 25 });
const provider = fake
  ? client({ apiKey: "fake", baseURL: fake.url })
  : client({ apiKey: ANTHROPIC_API_KEY, baseURL: ANTHROPIC_BASE_URL });

const librarian = agent(
  call(
    "claude-sonnet-5-5",
    {
      stream: { partialTools: true },
      tools: [search, reserve],
      client: provider,
      onInterrupt: "continue",
      callParams: {
        max_tokens: 2_000,
        system:
          "You are the librarian of a small town library. Answer in Markdown, briefly and warmly. Search the catalogue before you recommend a book.",
      },
    },
    (messages) => messages,
  ),
  { maxTurns: 6 },
);

// Conversations and replies, kept in this process or in Redis.

const redis = REDIS_URL ? await (await import("redis")).createClient({ url: REDIS_URL }).connect() : null;
const log = redis ? redisLog(redis) : memoryLog();
const DAY_S = 86_400;
const chats = new Map();
/** The conversation up to its last answer, and how many runs have answered: their names are `answer-1`, `answer-2`, … */
async function load(id) {
  const all = redis
    ? Object.values(await redis.hGetAll(`chat:${id}`)).map((chat) => JSON.parse(chat))
    : [chats.get(id) ?? []].flat();
  return all.toSorted((one, other) => other.runs - one.runs)[0] ?? { messages: [], runs: 0 };
}
/** Each answer has a field of its own: a server that is late does not overwrite a newer one. */
async function save(id, chat) {
  if (!redis) return chats.set(id, chat);
  await redis.hSet(`chat:${id}`, `${chat.runs}`, JSON.stringify(chat));
  await redis.hDel(`chat:${id}`, `${chat.runs - 2}`);
  await redis.expire(`chat:${id}`, DAY_S);
}
const nameOf = (runs) => `answer-${runs}`;
const numberOf = (run) => Number(run.slice("answer-".length));

// The routes.

/** A library shows its readers what they use. Without these, figures are for the server alone. */
const sent = { sendUsage: true, sendCost: true, onError: console.error };

/** A text, or the answers to what waits for approval: starts a run. A page may send anything. */
async function POST(request, id) {
  const said = await request.json().catch(() => null);
  const chat = await conversation(id);
  const messages = withSaid(chat.messages, said);
  if (messages === null) return new Response("There is nothing to answer.", { status: 400 });
  // A second click, or another tab.
  if (messages === chat.messages) return new Response("That was answered already.", { status: 409 });
  if (chat.isLive) return new Response("Another reply is still being written here.", { status: 409 });
  const runs = chat.runs + 1;
  // The log takes each name once: of two requests that have read the same conversation, one gets its run.
  const run = keep(librarian(messages), {
    log,
    id,
    run: nameOf(runs),
    lease: 5_000,
    ttl: DAY_S * 1_000,
    request: true,
  });
  const onEnd = () => save(id, { messages: run.commonHistory(), runs });
  return eventsResponse(run, { ...sent, onEnd });
}

/** The conversation with its last answer, whatever became of the server that wrote it. */
async function conversation(id) {
  const chat = await load(id);
  const last = await status(log, id);
  if (last?.state === "live") return { ...chat, isLive: true };
  if (last === null || numberOf(last.run) <= chat.runs) return chat;
  // The visitor has something else to say: nobody is to continue that run now.
  if (last.state === "orphaned") await stop(log, id, { run: last.run });
  const run = await read(log, id, { run: last.run, of: librarian });
  await run?.finish().catch(() => {});
  const settled = { messages: run?.commonHistory() ?? chat.messages, runs: numberOf(last.run) };
  await save(id, settled);
  return settled;
}

/** The rest of a run. If its server is gone, this one goes on with it. */
async function resume(request, id) {
  const goOn = (messages) => librarian(messages);
  const onEnd = (run, name) => save(id, { messages: run.commonHistory(), runs: numberOf(name) });
  return resumeResponse(log, id, request, { ...sent, as: "events", of: librarian, continue: goOn, onEnd });
}

/** The conversation with what the page has sent: the same, if it has these answers. Null for what is neither a text nor an answer. */
function withSaid(messages, said) {
  if (typeof said?.text === "string" && said.text.trim() !== "") {
    return [...messages, { role: "user", content: said.text }];
  }
  try {
    return approve(messages, said?.approvals);
  } catch (error) {
    if (error instanceof InvalidOptionError) return null;
    throw error;
  }
}

/** The conversation, and whether there is a run to go on with. */
async function GET(id) {
  const [chat, latest] = await Promise.all([load(id), status(log, id)]);
  const isResumable = latest !== null && numberOf(latest.run) > chat.runs;
  // With the question, while it is being answered.
  const run = isResumable ? await read(log, id, { run: latest.run, of: librarian }) : null;
  const messages = toUIMessages(run?.commonHistory() ?? chat.messages, { run: nameOf(chat.runs) });
  return Response.json({ messages, isResumable });
}

const pages = {
  "/": [new URL("index.html", import.meta.url), "text/html; charset=utf-8"],
  "/vendor/marked.js": [new URL("node_modules/marked/lib/marked.esm.js", root), "text/javascript"],
  "/vendor/dompurify.js": [new URL("node_modules/dompurify/dist/purify.es.mjs", root), "text/javascript"],
};

async function file(path) {
  const [url, type] = pages[path] ?? [];
  const script = /^\/millrace\/([\w.-]+\.js)$/.exec(path)?.[1];
  const found = url ?? (script && new URL(`dist/web/${script}`, root));
  if (!found) return new Response("Not found", { status: 404 });
  const nonce = crypto.randomUUID();
  const policy = [
    `script-src 'self' 'nonce-${nonce}'`,
    "style-src 'unsafe-inline'",
    "connect-src 'self'",
    "img-src data:",
    "default-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  const headers = { "content-type": type ?? "text/javascript", "content-security-policy": policy.join("; ") };
  return new Response((await readFile(found, "utf8")).replaceAll("%NONCE%", nonce), { headers });
}

async function route(request) {
  const { pathname } = new URL(request.url);
  const [, id, isStream] = /^\/api\/chat\/([\w-]{8,64})(\/stream)?$/.exec(pathname) ?? [];
  const { method } = request;
  if (id === undefined) return file(pathname);
  if (method === "DELETE") return stopResponse(log, id, request, { onError: console.error });
  if (method === "POST") return POST(request, id);
  return isStream ? resume(request, id) : GET(id);
}

const server = createServer(nodeHandler(route));
server.listen(Number(PORT), "127.0.0.1", () => {
  const { port } = server.address();
  console.log(`http://127.0.0.1:${port}  (${fake ? "a fake provider" : "Anthropic"}, ${redis ? "Redis" : "memory"})`);
});

/** What the fake provider says. */
function script({ body }) {
  const [last, before] = body.messages.toReversed();
  const results = Array.isArray(last.content) ? last.content.filter(({ type }) => type === "tool_result") : [];
  const result = JSON.stringify(results);
  if (result.includes("Ground floor"))
    return reply(text("Done: it waits for you at the **desk on the ground floor**, for three days. Enjoy it!"));
  if (results.some(({ is_error: isError }) => isError)) return reply(text("All right, I have not reserved anything."));
  if (results.length > 0) {
    return reply(
      thinking("They want something quiet. Jansson fits best; Tey is a good second."),
      text(
        "I would start with **The Summer Book** by Tove Jansson.\n\n" +
          "| Book | Shelf | Copies |\n| --- | --- | --- |\n| *The Summer Book* | J 12 | 2 |\n| *The Daughter of Time* | T 08 | 1 |\n\n" +
          "A girl and her grandmother spend their summers on a small island in the Gulf of Finland. Little happens, and " +
          "all of it matters. It reads well aloud:\n\n> It was an early, very warm morning in July, and it had rained " +
          "during the night.\n\nIf you like, I can *reserve* it for you.",
      ),
    );
  }
  const said = textOf(last);
  if (/reserve|take it|yes/i.test(said)) {
    return reply(text("I will ask the desk to put it aside."), toolUse("reserve_book", { title: "The Summer Book" }));
  }
  // A server has gone on with the reply of another.
  const told = before === undefined ? "" : textOf(before);
  if (said.startsWith("Your reply was interrupted") && LONG.startsWith(told))
    return reply(text(LONG.slice(told.length)));
  if (/\bstory|long\b/i.test(said)) return reply(text(LONG));
  return reply(
    text("Let me look at the shelves."),
    toolUse("search_catalogue", { query: `${said.slice(0, 60)}: something short and warm`, limit: 3 }),
  );
}

function textOf({ content }) {
  return typeof content === "string" ? content : content.map((part) => part.text ?? "").join("");
}

const LONG = Array.from(
  { length: 8 },
  (_, nth) =>
    `### ${nth + 1}. A walk through the stacks\n\nBetween the shelves it is quiet enough to hear pages turn. ` +
    `Here stand the books that nobody asks for, and the one that you will remember. `.repeat(2),
).join("\n\n");
