import type { RecordedRequest } from "./recorded-request.ts";
import type { Script } from "./script.ts";

/** What a fake server answers: one script, several in turn (the last one repeats), or a function's choice. */
export type Replies = Script | readonly Script[] | ((request: RecordedRequest) => Script | Promise<Script>);

/** Picks the script for a reply. */
export type ScriptSource = (request: RecordedRequest) => Script | Promise<Script>;

/** Picks scripts in turn, or asks the function that was given. */
export function scriptSource(replies: Replies): ScriptSource {
  if (typeof replies === "function") return replies;
  const scripts = isList(replies) ? replies : [replies];
  let served = 0;
  return () => {
    const script = scripts[Math.min(served++, scripts.length - 1)];
    if (script === undefined) throw new Error("`replies` is an empty list: there is no script to play.");
    return script;
  };
}

function isList(replies: Script | readonly Script[]): replies is readonly Script[] {
  return Array.isArray(replies);
}
