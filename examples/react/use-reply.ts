/** A reply in a React component, by `connect`. Copy it into your project, and change what you like. */

import {
  type Approval,
  type ArrivingTool,
  type Chunk,
  type CompleteTool,
  connect,
  type Connection,
  type ConnectOptions,
  type ReplyError,
  type ToolResult,
} from "millrace/browser";
import { useEffect, useMemo, useSyncExternalStore } from "react";

type Tool = CompleteTool | ArrivingTool;

/** Something that the model has said or done. `turn` is that of an agent; null for other replies. */
export type ReplyPart = { readonly turn: number | null } & (
  | { readonly type: "text" | "thinking"; readonly text: string }
  | { readonly type: "tool"; readonly tool: Tool; readonly result: ToolResult | null }
);

export interface Reply {
  readonly status: "ready" | "submitted" | "streaming";
  readonly parts: readonly ReplyPart[];
  /** Null while there is no reply. */
  readonly outcome: Connection["outcome"] | null;
  /** Why the reply is not complete, unless this page has stopped it. Its message is fit to be shown. */
  readonly error: ReplyError | null;
  readonly approvals: readonly Approval[];
}

/** The last reply of a chat: the one that the server still has, and then those to what is sent. */
export function useReply(url: string, id: string) {
  const store = useMemo(() => replyStore(url, id), [url, id]);
  const reply = useSyncExternalStore(store.subscribe, store.read, store.read);
  useEffect(() => {
    void store.start({});
    return store.leave;
  }, [store]);
  return { ...reply, send: store.send, stop: store.stop };
}

const NONE: Reply = { status: "ready", parts: [], outcome: null, error: null, approvals: [] };
const FRAME_MS = 16;

function replyStore(url: string, id: string) {
  let connection: Connection | null = null;
  let latest = NONE;
  let shown = NONE;
  let timer: ReturnType<typeof setTimeout> | null = null;
  const listeners = new Set<() => void>();

  const show = () => {
    timer = null;
    shown = latest;
    for (const listener of listeners) listener();
  };
  /** Shown once a frame: a hundred pairs may come at once, and React draws at each change. */
  const set = (change: Partial<Reply>) => {
    latest = { ...latest, ...change };
    timer ??= setTimeout(show, FRAME_MS);
  };
  const start = async (options: ConnectOptions) => {
    connection?.close();
    const own = connect(url, { ...options, id });
    connection = own;
    set({ ...NONE, status: "submitted", outcome: "pending" });
    let error: ReplyError | null = null;
    try {
      for await (const [chunk, tool] of own) {
        if (own === connection) set({ status: "streaming", parts: withPair(latest.parts, chunk, tool) });
      }
    } catch {
      error = own.error;
    }
    // Another one may have been started since, or the component is gone.
    if (own !== connection) return;
    const { outcome, approvals } = own;
    set(own.error?.code === "nothing_to_resume" ? NONE : { status: "ready", outcome, error, approvals });
  };
  return {
    start,
    read: () => shown,
    subscribe(listener: () => void) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    send: (body: unknown) => void start({ body }),
    stop: () => void connection?.stop().catch((error: ReplyError) => set({ error })),
    /** A kept reply goes on without this page. */
    leave() {
      connection?.close();
      connection = null;
    },
  };
}

function withPair(parts: readonly ReplyPart[], chunk: Chunk, tool: Tool | null): readonly ReplyPart[] {
  const { content, thinking, recovery, toolResult, turn } = chunk;
  const isRestart = recovery?.type === "restart";
  const next = isRestart ? parts.filter((part) => turn !== null && part.turn !== turn) : [...parts];
  const add = (type: "text" | "thinking", text: string) => {
    const last = next.at(-1);
    if (last?.type === type && last.turn === turn) next[next.length - 1] = { ...last, text: last.text + text };
    else next.push({ type, text, turn });
  };
  if (thinking !== "") add("thinking", thinking);
  if (content !== "") add("text", content);
  const called = tool ?? toolResult;
  if (called === null) return next;
  const { id, name } = called;
  const at = next.findLastIndex((part) => part.type === "tool" && part.tool.id === id && part.turn === turn);
  const known = next[at];
  const earlier = known?.type === "tool" ? known.tool : null;
  // A call that was approved is part of an earlier reply.
  const call: Tool = tool ?? earlier ?? { id, name, state: "complete", args: {}, delta: null };
  const part: ReplyPart = { type: "tool", tool: call, result: toolResult, turn };
  if (earlier === null) next.push(part);
  else next[at] = part;
  return next;
}
