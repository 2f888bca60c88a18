import type { FinalState } from "../attempt/lifecycle.ts";
import type { CommonMessage } from "../prompt/common-message.ts";
import type { Recovery } from "../provider/chunk.ts";
import type { SchemaIssue } from "../schema/validate.ts";
import type { ErrorRecord } from "./error-record.ts";

/**
 * What is logged of a run, one after another: the provider's own events, and what the library adds to them. All of it is
 * JSON. A reader makes the same stream of it again.
 */
export type LogRecord =
  | StartRecord
  | PromptRecord
  | ReplyRecord
  | EventRecord
  | RecoveryRecord
  | AttemptRecord
  | ToolResultRecord
  | TakeoverRecord
  | ReplyEndRecord
  | EndRecord;

/** The first record of a run. */
export interface StartRecord {
  readonly type: "start";
  /** The version of the records. */
  readonly version: 1;
  /** Whether the run is one reply, or all those of an agent. */
  readonly kind: "reply" | "agent";
  /** Whether requests are logged, by those who take the run over as well. */
  readonly logsRequest?: true | undefined;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** What the first reply is expected to be, before it begins. */
  readonly reply: ReplyRecord;
}

/** The prompt of the run, if requests are logged: known, and logged, before anything was received. */
export interface PromptRecord {
  readonly type: "prompt";
  /** Without instructions that open it, as in a history. */
  readonly messages: readonly CommonMessage[];
}

/** A reply begins: the only one, or a turn of an agent. */
export interface ReplyRecord {
  readonly type: "reply";
  readonly provider: string;
  readonly model: string;
  /** What the provider's reader of events has to know. */
  readonly context?: unknown;
  /** The provider's id of the request. */
  readonly requestId: string | null;
  /** The names of the declared tools. */
  readonly tools?: readonly string[] | undefined;
  /** Whether pairs hold tools whose input still streams. */
  readonly partialTools?: true | undefined;
  /** The tool whose input is the JSON that was asked for. */
  readonly jsonTool?: string | undefined;
  /** Whether its JSON has another form than the value that was asked for. */
  readonly convertsJson?: true | undefined;
  /** Prices that the call was given. */
  readonly prices?: object | undefined;
  /** The request as it was sent, if it is logged. */
  readonly request?: RequestRecord | undefined;
}

/** A request, which holds the prompt. */
export interface RequestRecord {
  readonly body: unknown;
  readonly items: readonly unknown[];
  readonly common: readonly unknown[];
  readonly callParams?: unknown;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** An event of the provider's. */
export interface EventRecord {
  readonly type: "event";
  readonly event: unknown;
  /** The calls that this event completed and that cannot run: their places among the calls of the reply, and why. */
  readonly invalid?: readonly (readonly [place: number, issues: readonly SchemaIssue[]])[] | undefined;
  /** The ids of the calls that this event began, in its order: those that came without one were given another here. */
  readonly ids?: readonly string[] | undefined;
}

/** What a request used and cost, where it was received. */
export interface Figures {
  readonly usage: unknown;
  readonly commonUsage: unknown;
  readonly costMetadata: { readonly cost: number | null } | null;
}

/** Another request took over from one that was shown, which the record before it describes. */
export interface RecoveryRecord {
  readonly type: "recovery";
  readonly recovery: Recovery["type"];
  /** The index of the new request in `stream.attempts`. */
  readonly attempt: number;
  readonly cause: ErrorRecord;
  /** How many characters of the text that follows are left out. */
  readonly repeated: number;
  /** Whether the very same reply goes on. */
  readonly isResumed: boolean;
  readonly reply: ReplyRecord;
}

/** A request that has ended and is not the one that is shown any more, or never was. */
export interface AttemptRecord {
  readonly type: "attempt";
  /** Its index in `stream.attempts`. */
  readonly place: number;
  readonly provider: string;
  readonly model: string;
  readonly outcome: FinalState;
  readonly error: ErrorRecord | null;
  readonly requestId: string | null;
  readonly start: number | null;
  readonly end: number | null;
  readonly figures: Figures | null;
  /** What was received, if it was not shown: what was shown is in the events before. */
  readonly hidden?: { readonly message: unknown; readonly estimatedTokens: number; readonly hasUsage: boolean };
}

/** What a tool of an agent has given. */
export interface ToolResultRecord {
  readonly type: "toolResult";
  /** The place of its call among those of the turn; -1 if that has none of it. */
  readonly place: number;
  readonly id: string;
  readonly name: string;
  readonly output: unknown;
  /** The error that the model was told of. */
  readonly error?: string | undefined;
  /** Whether the tool was not allowed to run. */
  readonly isRefused?: true | undefined;
}

/** Another process goes on with the run, from what the log has. */
export interface TakeoverRecord {
  readonly type: "takeover";
  /** The position of the last event before it: readers of the lost producer may have seen others after that. */
  readonly position: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

/** A reply has ended. */
export interface ReplyEndRecord {
  readonly type: "replyEnd";
  readonly outcome: FinalState;
  readonly error: ErrorRecord | null;
  readonly requestId: string | null;
  readonly start: number | null;
  readonly firstContent: number | null;
  readonly end: number | null;
  /** Null if they are not known: they are read from the events then. */
  readonly figures: Figures | null;
}

/** The run has ended: the last record. */
export interface EndRecord {
  readonly type: "end";
  readonly outcome: FinalState;
  readonly error: ErrorRecord | null;
  /** Why a run of an agent has ended. */
  readonly stopReason?: string | undefined;
  /** In US dollars; null where it is not known. */
  readonly cost?: number | null;
  /**
   * What the history of an agent's run tells of calls that no pair has the result of, such as those of tools that were
   * interrupted. Undefined if another has ended the run, who does not know.
   */
  readonly unfinished?: readonly ToolResultRecord[] | undefined;
  readonly time: number;
}
