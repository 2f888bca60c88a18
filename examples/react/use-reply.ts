/** A reply in a React component, by `connect`. Copy it into your project, and change what you like. */

import {
  type ApprovalOf,
  type Chunk,
  connect,
  type Connection,
  type ConnectOptions,
  type ReplyError,
  type ToolOf,
  type ToolResult,
  type UnknownTools,
} from "millrace/browser";
import { useEffect, useMemo, useSyncExternalStore } from "react";

/** Something that the model has said or done. `turn` is that of an agent; null for other replies. */
export type ReplyPart<Tools extends UnknownTools = UnknownTools> = { readonly turn: number | null } & (
  | { readonly type: "text" | "thinking"; readonly text: string }
  | { readonly type: "tool"; readonly tool: ToolOf<Tools>; readonly result: ToolResult | null }
);

export interface Reply<Tools extends UnknownTools = UnknownTools> {
  readonly status: "ready" | "submitted" | "streaming";
  /** Those of the last reply, until the next one begins. */
  readonly parts: readonly ReplyPart<Tools>[];
  /** Null while there is no reply. */
  readonly outcome: Connection["outcome"] | null;
  /** Why the reply is not complete, unless it was stopped. Its message is fit to be shown. */
  readonly error: ReplyError | null;
  readonly approvals: readonly ApprovalOf<Tools>[];
}

/**
 * The last reply of a chat: the one that the server still has, and then those to what is sent. Pass resume: false if the
 * page shows the last answer already, from what is stored.
 */
export function useReply<Tools extends UnknownTools>(url: string, id: string, { resume = true } = {}) {
  const store = useMemo(() => replyStore(url, id), [url, id]);
  const reply = useSyncExternalStore(store.subscribe, store.read, store.read) as Reply<Tools>;
  useEffect(() => {
    if (resume) void store.resume();
    return store.leave;
  }, [store, resume]);
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
    const before = latest;
    let hasBegun = false;
    let error: ReplyError | null = null;
    try {
      for await (const [chunk, tool] of own) {
        // Another one may have been started since, or the component is gone.
        if (own !== connection) return;
        const earlier = hasBegun ? latest : { ...NONE, outcome: "pending" as const };
        hasBegun = true;
        set({ ...earlier, status: "streaming", parts: withPair(earlier.parts, chunk, tool) });
      }
    } catch {
      if (own.outcome !== "aborted") error = own.error;
    }
    if (own !== connection) return;
    const { outcome, approvals } = own;
    if (hasBegun) set({ status: "ready", outcome, error, approvals });
    // What was refused leaves the last reply as it was.
    else if (outcome === "complete") set({ ...NONE, outcome, approvals });
    else if (own.error?.code === "nothing_to_resume") set({ status: "ready" });
    else set({ status: "ready", outcome, error, approvals: before.approvals });
  };
  return {
    /** Until something comes, nobody knows whether there is a reply. */
    resume: () => start({}),
    read: () => shown,
    subscribe(listener: () => void) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    send(body: unknown) {
      const sending = start({ body });
      set({ status: "submitted", outcome: "pending", error: null, approvals: [] });
      void sending;
    },
    stop: () => void connection?.stop().catch((error: ReplyError) => set({ error })),
    /** A kept reply goes on without this page. */
    leave() {
      connection?.close();
      connection = null;
    },
  };
}

type Tool = ToolOf<UnknownTools>;

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
  // Ids may come again in later turns.
  let at = next.length - 1;
  while (at >= 0 && !isCall(next[at], id, turn)) at -= 1;
  const known = next[at];
  const earlier = known?.type === "tool" ? known.tool : null;
  // A call that was approved is part of an earlier reply.
  const call: Tool = tool ?? earlier ?? { id, name, state: "complete", args: {}, delta: null };
  const part: ReplyPart = { type: "tool", tool: call, result: toolResult, turn };
  if (earlier === null) next.push(part);
  else next[at] = part;
  return next;
}

const isCall = (part: ReplyPart | undefined, id: string, turn: number | null) =>
  part?.type === "tool" && part.tool.id === id && part.turn === turn;
