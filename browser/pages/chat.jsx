// A page with the real useChat: of AI SDK 5, 6 or 7, as the bundler is told.
import { useChat } from "@ai-sdk/react";
import { DefaultChatTransport } from "ai";
import { millraceTransport } from "millrace/browser";
import { useEffect } from "react";
import { createRoot } from "react-dom/client";
import { busy, SeenInputs, settings, shownMessage, storedMessages, storeMessages } from "./shown.js";

const { api, id, transport: kind, persist = "none", resume, major } = settings;
const stored = storedMessages(id);
const last = stored.at(-1);
const isPartial = last?.role === "assistant" && shownMessage(last).outcome === undefined;
// It comes again from its beginning, which AI SDK 5 would add to what there is.
const messages = isPartial && major === "5" ? stored.slice(0, -1) : stored;
const lastId = last?.role === "assistant" && !isPartial ? last.id : undefined;
const transport =
  kind === "millrace"
    ? millraceTransport({ api, lastMessageId: lastId })
    : new DefaultChatTransport({
        api,
        // Names the answer that the page has already: the server does not send it again.
        prepareReconnectToStreamRequest: () => ({
          api: `${api}/${id}/stream${lastId === undefined ? "" : `?message=${encodeURIComponent(lastId)}`}`,
        }),
      });
const seen = new SeenInputs();
const finished = [];

function Chat() {
  const chat = useChat({
    id,
    messages,
    transport,
    resume: resume === "1",
    onFinish: ({ isAbort, isError, isDisconnect }) => finished.push({ isAbort, isError, isDisconnect }),
  });
  useEffect(() => storeMessages(id, chat.messages, persist), [chat.messages]);
  const turns = chat.messages.map(shownMessage);
  seen.add(turns.flatMap(({ tools }) => tools));
  window.chat = {
    send: (text, files) => chat.sendMessage({ text, ...(files && { files }) }),
    stop() {
      void chat.stop();
      return Date.now();
    },
    approve: (approvalId, approved) => chat.addToolApprovalResponse({ id: approvalId, approved }),
    goOn: () => chat.sendMessage(),
    details: () => ({ seen: seen.list, finished, longest: busy.longest }),
  };
  return (
    <main>
      <p id="status">{chat.status}</p>
      <p id="error">{chat.error?.message ?? ""}</p>
      {turns.map(({ id: key, role, text }) => (
        <article key={key} className={role}>
          {text}
        </article>
      ))}
      <pre id="state" hidden>
        {JSON.stringify({ status: chat.status, error: chat.error?.message ?? null, turns })}
      </pre>
    </main>
  );
}

createRoot(document.getElementById("root")).render(<Chat />);
