// What examples/chat shows in Chromium.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fakeAnthropic, reply, text } from "../dist/testing.js";
import { root } from "../scripts/setup.mjs";
import { inTime } from "./in-time.mjs";

const WAIT_MS = 15_000;
/** The longest that a play may take, and then the closing of each thing that it opened. */
const [PLAY_MS, CLOSE_MS] = [120_000, 10_000];
const STORY = "Tell me a long story";
const HOSTILE = [
  '<script>window.harmed = "script"</script>',
  `<img src="x" onerror="window.harmed = 'image'">`,
  `<svg onload="window.harmed = 'svg'"><a href="javascript:window.harmed='svg link'">a</a></svg>`,
  "[a](javascript:window.harmed='link') [b](data:text/html,<script>alert(1)</script>) [c](vbscript:x)",
  "![leak](http://127.0.0.1:9/?told=all)",
  '<form action="http://127.0.0.1:9"><input name="key"></form><iframe src="/"></iframe><style>body{display:none}</style>',
  "\u0000\u0007\u001b[31mred\u001b[0m \u202Egnihton\u2028\u2029 \uD800 <b>bold</b> [good](https://example.com/)",
].join("\n\n");

/** Plays all scenarios. `pictures`: a folder for screenshots, or null. */
export async function playExample({ browser, redisURL, pictures }, report) {
  const example = new Example(browser);
  const results = [];
  for (const [name, play] of Object.entries(scenarios)) {
    const start = performance.now();
    const problems = [];
    const check = (holds, words) => void (holds || problems.push(words));
    try {
      await inTime(play(example, check, { redisURL, pictures }), PLAY_MS);
    } catch (error) {
      problems.push(error.message.split("\n")[0]);
    } finally {
      problems.push(...(await example.reset()));
    }
    results.push({ scenario: name, client: "example", problems, notes: [] });
    const took = ((performance.now() - start) / 1_000).toFixed(1);
    report(`${name} x examples/chat (${took} s): ${problems.length === 0 ? "ok" : problems.join("; ")}`);
  }
  return results;
}

/** Servers of the example and pages on them. */
class Example {
  #browser;
  #closers = [];
  #problems = [];

  constructor(browser) {
    this.#browser = browser;
  }

  async serve(env = {}) {
    const file = join(root, "examples/chat/server.mjs");
    const { ANTHROPIC_API_KEY: _key, REDIS_URL: _redis, ...own } = process.env;
    const server = spawn(process.execPath, [file], {
      env: { ...own, PORT: "0", ...env },
      stdio: ["ignore", "pipe", 2],
    });
    this.#closers.push(() => server.kill("SIGKILL"));
    server.stdout.setEncoding("utf8");
    const [line] = await once(server.stdout, "data");
    return { url: /http:\S+/.exec(line)[0], kill: () => server.kill("SIGKILL") };
  }

  async open(url, { scheme = "light", width = 1100, height = 800 } = {}) {
    const options = { colorScheme: scheme, viewport: { width, height } };
    const context = await this.#browser.newContext(options);
    this.#closers.push(() => context.close());
    return this.tab(context, url);
  }

  async tab(context, url) {
    const page = await context.newPage();
    page.setDefaultTimeout(WAIT_MS);
    page.on("pageerror", (error) => this.#problems.push(`The page throws ${error}`));
    page.on("dialog", (dialog) => this.#problems.push(`A dialog says ${dialog.message()}`));
    await page.goto(url);
    return page;
  }

  closeLater(close) {
    this.#closers.push(close);
  }

  /** Closes all of it. Gives what went wrong in the pages. */
  async reset() {
    const closing = this.#closers.splice(0).toReversed();
    for (const close of closing) await inTime(close(), CLOSE_MS).catch(() => {});
    return this.#problems.splice(0);
  }
}

const say = async (page, words) => {
  await page.fill("#text", words);
  await page.press("#text", "Enter");
};
const shows = (page, words) => page.waitForFunction((given) => document.body.innerText.includes(given), words);
const rests = (page) => page.waitForSelector("#send:not([hidden])");
const answers = (page) => page.locator("article.assistant").allInnerTexts();

/** What no page of it sends. */
const WRONG = [
  "",
  "{",
  "null",
  "[]",
  '"text"',
  '{"text":7}',
  '{"text":" "}',
  '{"approvals":{"a":true}}',
  '{"approvals":[1]}',
];

const scenarios = {
  async "wrong requests"(example, check) {
    const { url } = await example.serve();
    for (const body of WRONG) {
      const { status } = await fetch(`${url}/api/chat/chat-of-nobody`, { method: "POST", body });
      check(status === 400, `${body} is answered with ${status}.`);
    }
  },
  async "a conversation"(example, check, { pictures }) {
    const { url } = await example.serve();
    const page = await example.open(url);
    const picture = pictureMaker(page, pictures);
    await page.click(".chips button");
    await page.waitForSelector(".tool li");
    await shows(page, "If you like");
    await rests(page);
    check((await page.locator("table td").allInnerTexts()).includes("J 12"), "The table is no table.");
    check((await page.locator("details.thinking").count()) === 1, "The thinking is not shown.");
    await picture("wide");
    await say(page, "Yes, reserve it.");
    await page.waitForSelector(".choices");
    await picture("approval");
    // The answer may come later.
    await page.reload();
    await page.click(".choices button:text('Approve')");
    await shows(page, "Enjoy it!");
    check(
      (await page.locator(".tool .pill").allInnerTexts()).every((state) => state === "done"),
      "A tool is not done.",
    );
    await rests(page);
    await page.reload();
    await shows(page, "Enjoy it!");
    check((await page.locator("article.user").count()) === 2, "There are not two messages of the user.");
    await picture("narrow", { width: 390, height: 780 });
  },

  async "an approval that is declined"(example, check) {
    const { url } = await example.serve();
    const page = await example.open(url);
    await say(page, "Reserve the first one.");
    await page.click(".choices button:text('Decline')");
    await shows(page, "not reserved");
    check((await page.locator(".tool.failed").count()) === 1, "The card says that it was reserved.");
  },

  async "a reload while it writes"(example, check) {
    const { url } = await example.serve();
    const page = await example.open(url);
    await say(page, STORY);
    await shows(page, "2. A walk");
    for (let times = 0; times < 3; times++) {
      await page.reload();
      await shows(page, "1. A walk");
    }
    await shows(page, "8. A walk");
    await rests(page);
    const [answer, ...more] = await answers(page);
    check(more.length === 0, `There are ${more.length + 1} answers.`);
    check(answer.split("A walk through the stacks").length === 9, "Some of the story is missing, or there twice.");
  },

  async "a stop in another tab"(example, check) {
    const { url } = await example.serve();
    const page = await example.open(url);
    await say(page, STORY);
    await shows(page, "1. A walk");
    const other = await example.tab(page.context(), page.url());
    await shows(other, "1. A walk");
    await other.click("#stop");
    await Promise.all([shows(page, "Stopped."), shows(other, "Stopped.")]);
    check(!(await answers(page))[0].includes("8. A walk"), "It went on.");
    await say(page, "A quiet book");
    await shows(page, "If you like");
  },

  async "a server that dies, and another on the same Redis"(example, check, { redisURL }) {
    const [first, second] = await Promise.all([1, 2].map(() => example.serve({ REDIS_URL: redisURL })));
    const page = await example.open(first.url);
    await say(page, STORY);
    await shows(page, "1. A walk");
    const other = await example.tab(page.context(), second.url + new URL(page.url()).hash);
    await shows(other, "1. A walk");
    first.kill();
    // The other one goes on, once the lease has lapsed.
    await shows(other, "8. A walk");
    await rests(other);
    check((await answers(other)).length === 1, "There is not one answer.");
    check((await answers(other))[0].match(/\d\. A walk/g)?.length === 8, "The story is not told once.");
    await other.reload();
    await shows(other, "8. A walk");
    await say(other, "A quiet book");
    await shows(other, "If you like");
  },

  async "hostile content"(example, check) {
    const fake = await fakeAnthropic({ replies: [reply(text(HOSTILE)), reply(text("x".repeat(10 * 1024 * 1024)))] });
    example.closeLater(() => fake.close());
    const { url } = await example.serve({ ANTHROPIC_API_KEY: "sk-ant-test", ANTHROPIC_BASE_URL: fake.url });
    const page = await example.open(url);
    const asked = [];
    page.on("request", (request) => asked.push(request.url()));
    await say(page, HOSTILE);
    await shows(page, "bold");
    await rests(page);
    await page.reload();
    await shows(page, "bold");
    check((await page.evaluate(() => window.harmed)) === undefined, "It was run.");
    const links = await page.locator("article.assistant a[href]").evaluateAll((all) => all.map(({ href }) => href));
    check(links.join() === "https://example.com/", `There are links: ${links}`);
    const tags = "script, img, svg, form, input, iframe, style";
    check((await page.locator(`article :is(${tags})`).count()) === 0, "There are tags that do something.");
    check(
      asked.every((each) => each.startsWith(url)),
      `The page asked ${asked.find((each) => !each.startsWith(url))}`,
    );
    await say(page, "More!");
    await shows(page, "characters more");
    await rests(page);
    check((await page.evaluate(() => document.body.innerText.length)) < 200_000, "The page shows ten megabytes.");
  },

  async "what axe finds"(example, check, { pictures }) {
    const { url } = await example.serve();
    const axe = readFileSync(createRequire(join(root, "package.json")).resolve("axe-core/axe.min.js"), "utf8");
    for (const scheme of ["light", "dark"]) {
      const page = await example.open(url, { scheme });
      const audit = async (state) => {
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => window.axe.run());
        for (const { id, nodes } of violations)
          check(false, `${scheme}, ${state}: ${id} (${nodes[0].html.slice(0, 80)})`);
      };
      await audit("at first");
      await say(page, "A quiet book");
      await shows(page, "If you like");
      await rests(page);
      await say(page, "Yes, reserve it.");
      await page.waitForSelector(".choices");
      await audit("with an approval");
      if (scheme === "dark") await pictureMaker(page, pictures)("dark");
    }
  },
};

function pictureMaker(page, folder) {
  return async (name, size = null) => {
    if (folder === null) return;
    mkdirSync(folder, { recursive: true });
    if (size !== null) await page.setViewportSize(size);
    await page.screenshot({ path: join(folder, `chat-${name}.png`) });
  };
}
