/** Runs a command of Redis. */
type Call = (command: string, ...args: string[]) => Promise<unknown>;

export function serveUpstash(call: Call): Promise<{ readonly url: string; close(): Promise<void> }>;
