/** The columns: who reads in the page. `wire`: what the server sends it; `reconnects`: by itself. */
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

export const clients = [
  { id: "connect", title: "connect", page: "reply", major: null, wire: "events", transport: null, reconnects: true },
  ...MAJORS.map(useChat),
  ...MAJORS.map(withTransport),
];
