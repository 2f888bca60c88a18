/** The columns: who reads in the page. `wire`: what the server sends it; `reconnects`: by itself; `plays`: these rows alone. */
const useChat = (major) => ({
  id: `ai-${major}`,
  title: `useChat, AI SDK ${major}`,
  page: `chat-${major}`,
  major,
  wire: `ui${major}`,
  transport: "default",
  reconnects: false,
});
const withTransport = (major) => ({
  ...useChat(major),
  id: `ai-${major}-transport`,
  title: `useChat ${major}, millraceTransport`,
  transport: "millrace",
  reconnects: true,
});

export const MAJORS = [5, 6, 7];

const connect = {
  id: "connect",
  title: "connect",
  page: "reply",
  major: null,
  wire: "events",
  transport: null,
  reconnects: true,
};
/** One reply at a time, without files and answers to approvals. */
const hook = {
  ...connect,
  id: "hook",
  title: "a React hook with connect",
  page: "hook",
  plays:
    "text thinking tools error-before error-after truncation stop stop-kept leave-kept reload-streaming reload-ended lost-connection kill burst".split(
      " ",
    ),
};

export const clients = [connect, hook, ...MAJORS.map(useChat), ...MAJORS.map(withTransport)];
