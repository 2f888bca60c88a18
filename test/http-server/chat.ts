import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { AbstractChat, type ChatInit, type ChatState, type ChatStatus, DefaultChatTransport, type UIMessage } from "ai";
import { nodeHandler, type WebHandler } from "../../src/neutral-http.ts";

/** A web server whose handler takes requests of the web standard. */
export interface WebServer extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly Request[];
}

/** Serves on loopback. */
export async function serveWeb(handler: WebHandler): Promise<WebServer> {
  const requests: Request[] = [];
  const listener = nodeHandler((request) => {
    requests.push(request);
    return handler(request);
  });
  const server = createServer((request: IncomingMessage, response: ServerResponse) => listener(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

class PlainState implements ChatState<UIMessage> {
  status: ChatStatus = "ready";
  error: Error | undefined = undefined;
  messages: UIMessage[];

  constructor(messages: UIMessage[]) {
    this.messages = messages;
  }

  pushMessage(message: UIMessage): void {
    this.messages = [...this.messages, message];
  }

  popMessage(): void {
    this.messages = this.messages.slice(0, -1);
  }

  replaceMessage(index: number, message: UIMessage): void {
    this.messages = this.messages.with(index, structuredClone(message));
  }

  snapshot<V>(value: V): V {
    return structuredClone(value);
  }
}

/** The class behind `useChat`, without React. */
export class Chat extends AbstractChat<UIMessage> {
  constructor(url: string, init: Partial<ChatInit<UIMessage>> = {}) {
    const { messages = [], ...rest } = init;
    super({ transport: new DefaultChatTransport({ api: url }), ...rest, state: new PlainState(messages) });
  }

  /** The parts of the last message, without the fields that are undefined. */
  get parts(): UIMessage["parts"] {
    return JSON.parse(JSON.stringify(this.lastMessage?.parts ?? [])) as UIMessage["parts"];
  }
}
