// A page with the hook of examples/react, in strict mode: React mounts it twice.
import { StrictMode, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { useReply } from "../../examples/react/use-reply.ts";
import { busy, SeenInputs, settings, storedMessages, storeMessages } from "./shown.js";

const { api, id } = settings;
const seen = new SeenInputs();

function Chat() {
  const reply = useReply(api, id);
  const [questions, setQuestions] = useState(() => storedMessages(id));
  useEffect(() => storeMessages(id, questions, "users"), [questions]);
  const { status, error, outcome, parts, send, stop } = reply;
  const textOf = (kind) => parts.flatMap(({ type, text }) => (type === kind ? [text] : [])).join("");
  const tools = parts.flatMap((part) => (part.type === "tool" ? [shownTool(part, reply.approvals)] : []));
  seen.add(tools);
  const answer = {
    role: "assistant",
    text: textOf("text"),
    thinking: textOf("thinking"),
    tools,
    files: [],
    states: [],
  };
  const isSettled = outcome !== null && outcome !== "pending";
  const turns = [...questions, ...(parts.length > 0 ? [{ ...answer, ...(isSettled && { outcome }) }] : [])];
  window.chat = {
    send(text) {
      const question = { role: "user", text, thinking: "", tools: [], files: [], states: [] };
      setQuestions([question]);
      send({ id, messages: [{ role: "user", content: text }] });
    },
    stop() {
      stop();
      return Date.now();
    },
    details: () => ({ seen: seen.list, finished: [], longest: busy.longest }),
  };
  const shown = error === null ? status : "error";
  return (
    <main>
      <p id="status">{shown}</p>
      <p id="error">{error?.message ?? ""}</p>
      {turns.map(({ role, text }, nth) => (
        <article key={nth} className={role}>
          {text}
        </article>
      ))}
      <pre id="state" hidden>
        {JSON.stringify({ status: shown, error: error?.message ?? null, turns })}
      </pre>
    </main>
  );
}

function shownTool({ tool, result }, approvals) {
  const { id: callId, name, state, args: input } = tool;
  const approval = approvals.find(({ toolCallId }) => toolCallId === callId)?.id;
  if (result !== null)
    return { id: callId, name, input, state: result.isError ? "failed" : "result", output: result.output };
  return { id: callId, name, input, state: approval === undefined ? state : "approval-requested", approval };
}

createRoot(document.getElementById("root")).render(
  <StrictMode>
    <Chat />
  </StrictMode>,
);
