// A page with `connect` of millrace/browser, and nothing else.
import { connect } from "millrace/browser";
import { busy, SeenInputs, settings, storedMessages, storeMessages } from "./shown.js";

const { api, id, persist = "none", resume } = settings;
const turns = storedMessages(id);
const seen = new SeenInputs();
let status = "ready";
let error = null;
let connection = null;
let answer = null;

async function read(options) {
  connection = connect(api, { id, ...options });
  const turn = turns.at(-1)?.role === "assistant" ? turns.at(-1) : newTurn();
  error = null;
  show("submitted");
  try {
    for await (const [chunk, tool] of connection) {
      if (!turns.includes(turn)) turns.push(turn);
      turn.id = connection.run;
      turn.position = connection.position;
      if (chunk.recovery?.type === "restart") {
        Object.assign(turn, newTurn());
        articles.get(turn)?.replaceChildren();
      }
      turn.text += chunk.content;
      turn.thinking += chunk.thinking;
      if (tool !== null) take(turn, tool);
      if (chunk.toolResult !== null) takeResult(turn, chunk.toolResult);
      show("streaming");
    }
  } catch (problem) {
    error = problem.message;
  }
  const { outcome, usage, approvals } = connection;
  Object.assign(turn, { outcome, usage: usage?.outputTokens });
  for (const { id: approval, toolCallId } of approvals) {
    Object.assign(turn.tools.find((tool) => tool.id === toolCallId) ?? {}, { state: "approval-requested", approval });
  }
  show(error === null ? "ready" : "error");
}

const newTurn = () => ({ role: "assistant", text: "", thinking: "", tools: [], files: [], states: [] });

function take(turn, { id: callId, name, state, args: input }) {
  const known = turn.tools.find((tool) => tool.id === callId);
  if (known === undefined) turn.tools.push({ id: callId, name, state, input });
  else Object.assign(known, { state, input });
}

function takeResult(turn, { id: callId, name, output, isError }) {
  const state = isError ? "failed" : "result";
  const known = turn.tools.find((tool) => tool.id === callId);
  if (known === undefined) turn.tools.push({ id: callId, name, state, output });
  else Object.assign(known, { state, output });
}

const articles = new Map();
const PARAGRAPH = 500;
let isWaiting = false;

/** Once a frame, as pages do. */
function show(next) {
  status = next;
  seen.add(turns.flatMap(({ tools }) => tools));
  if (isWaiting) return;
  isWaiting = true;
  setTimeout(() => {
    isWaiting = false;
    draw();
  }, 16);
}

function draw() {
  storeMessages(id, turns, persist);
  document.getElementById("status").textContent = status;
  document.getElementById("error").textContent = error ?? "";
  for (const turn of turns) {
    const article =
      articles.get(turn) ?? document.getElementById("turns").appendChild(document.createElement("article"));
    articles.set(turn, article);
    article.className = turn.role;
    write(article, turn.text);
  }
  document.getElementById("state").textContent = JSON.stringify({ status, error, turns });
}

/** In paragraphs: to lay one out that is very long would take the browser longer than all else. */
function write(article, text) {
  for (let nth = Math.max(0, article.children.length - 1); nth * PARAGRAPH < text.length; nth++) {
    const paragraph = article.children[nth] ?? article.appendChild(document.createElement("p"));
    paragraph.textContent = text.slice(nth * PARAGRAPH, (nth + 1) * PARAGRAPH);
  }
}

window.chat = {
  async send(text, files) {
    const content = [{ type: "text", text }, ...(files ?? []).map(filePart)];
    turns.push({
      role: "user",
      text,
      content,
      thinking: "",
      tools: [],
      files: (files ?? []).map((file) => file.mediaType),
      states: [],
    });
    await read({
      body: { id, messages: turns.map(message) },
    });
  },
  approve(callId, approved) {
    answer = { type: "toolApproval", id: callId, approved };
  },
  goOn() {
    const { text, tools } = turns.at(-1);
    const calls = tools.map(({ id: callId, name, input }) => ({ type: "toolCall", id: callId, name, args: input }));
    const asked = { role: "assistant", content: [...(text === "" ? [] : [{ type: "text", text }]), ...calls] };
    const messages = [...turns.slice(0, -1).map(message), asked, { role: "user", content: [answer] }];
    return read({ body: { id, messages } });
  },
  stop() {
    void connection.stop();
    return Date.now();
  },
  details: () => ({ seen: seen.list, finished: [], longest: busy.longest }),
};

function message({ role, text, content }) {
  return { role, content: content ?? text };
}

function filePart({ mediaType, url }) {
  return { type: "image", mediaType, data: url.slice(url.indexOf(",") + 1) };
}

document.getElementById("root").innerHTML =
  '<p id="status"></p><p id="error"></p><main id="turns"></main><pre id="state" hidden></pre>';
draw();
const last = turns.at(-1);
const isPending = last?.role === "user" || (last !== undefined && last.outcome === undefined);
if (resume === "1" && (isPending || last === undefined)) {
  void read(last?.position == null ? {} : { after: last.position });
}
