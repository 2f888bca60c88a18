// node scripts/projects.mjs: the package as npm packs it, in projects of several kinds. Each streams a reply.
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { build, install, root } from "./setup.mjs";

const ANSWER = "The Name of the Wind";
const RUN_LIMIT_MS = 60_000;
const run = promisify(execFile);
const npm = (args, options) => run("npm", args, { ...options, shell: process.platform === "win32" });
const module = (path) => join(root, "node_modules", path);

/** What each project does: it runs in its folder, and gives what it has streamed. */
const projects = {
  async esm({ node }) {
    await node(module("typescript/bin/tsc"), "-p", ".");
    return node("main.js");
  },
  async commonjs({ node }) {
    await node(module("typescript/bin/tsc"), "-p", ".");
    return node("main.js");
  },
  async quickstart({ node, folder }) {
    writePrograms("README.md", folder);
    return node("recommend.mjs");
  },
  async vite({ node, folder, url }) {
    await node(module("typescript/bin/tsc"), "-p", ".");
    await node(module("vite/bin/vite.js"), "build", "--logLevel", "warn");
    const assets = join(folder, "dist/assets");
    const [page = "nothing", ...others] = readdirSync(assets);
    const code = readFileSync(join(assets, page), "utf8");
    if (others.length > 0 || /["'`]node:/.test(code)) throw new Error(`It built ${page} with ${others}, or for Node.`);
    return showPage(join(assets, page), url);
  },
  async jest({ node, folder }) {
    writePrograms("docs/testing-your-code.md", folder, (name) => name !== "jest.config.mjs");
    linkModule("esbuild", folder);
    await node(module("jest/bin/jest.js"));
    return ANSWER; // The test expects it.
  },
  async "jest-esm"({ node, folder }) {
    writePrograms("docs/testing-your-code.md", folder, (name) => name !== "jest.config.cjs");
    linkModule("esbuild", folder);
    await node("--experimental-vm-modules", module("jest/bin/jest.js"));
    return ANSWER;
  },
};

install();
build();
const { fakeAnthropic } = await import(pathToFileURL(join(root, "dist/testing.js")).href);
const place = mkdtempSync(join(tmpdir(), "millrace-projects-"));
const server = await fakeAnthropic({ replies: () => ANSWER });
try {
  await npm(["pack", "--ignore-scripts", "--pack-destination", place], { cwd: root });
  const tarball = join(place, readdirSync(place)[0]);
  for (const name of Object.keys(projects)) {
    const start = performance.now();
    const problem = await play(name, tarball);
    console.log(
      `${problem === null ? "ok    " : "FAILED"} ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`,
    );
    if (problem === null) continue;
    console.log(problem);
    process.exitCode = 1;
  }
} finally {
  await server.close();
  rmSync(place, { recursive: true });
}

/** Makes a project, installs the package, and runs it: null, or what went wrong. */
async function play(name, tarball) {
  const folder = join(place, name);
  const env = { ...process.env, ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: "any" };
  const options = { cwd: folder, env, timeout: RUN_LIMIT_MS };
  const node = async (...args) => (await run(process.execPath, args, options)).stdout;
  try {
    cpSync(join(root, "projects", name), folder, { recursive: true });
    // There is nothing to fetch, since the package has no dependencies.
    await npm(["install", "--offline", "--no-audit", "--no-fund", "--loglevel=error", tarball], options);
    const answer = await projects[name]({ node, folder, url: server.url });
    return answer.includes(ANSWER) ? null : `It streamed ${JSON.stringify(answer)}.`;
  } catch (error) {
    return [error.stdout, error.stderr, error.message].filter(Boolean).join("\n");
  }
}

/** Writes the JavaScript files of a page: blocks of code that begin with a comment, which is the file's name. */
function writePrograms(page, folder, isWanted = () => true) {
  for (const [, code, name] of readFileSync(join(root, page), "utf8").matchAll(/```js\n(\/\/ ([\w.-]+)\n[^]*?)```/g)) {
    if (isWanted(name)) writeFileSync(join(folder, name), code);
  }
}

/** Lets a project import a development dependency of this repository, as if it had installed it. */
function linkModule(name, folder) {
  symlinkSync(module(name), join(folder, "node_modules", name), "junction");
}

/** Runs a page's script with no more of a browser than it takes, at an address: gives what it has shown. */
async function showPage(path, url) {
  let shown = "";
  const body = { append: (text) => (shown += text) };
  const createElement = () => ({ relList: { supports: () => true } }); // Vite asks whether the browser can preload.
  Object.assign(globalThis, { window: globalThis, location: new URL(url), document: { body, createElement } });
  await import(pathToFileURL(path).href);
  return shown;
}
