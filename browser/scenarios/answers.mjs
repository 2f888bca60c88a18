import { SHORT, textOf } from "../provider.mjs";
import { whole } from "./expect.mjs";

const PIXEL =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/** What answers hold. */
export const answers = [
  {
    name: "text",
    expects: "all of it, `ready`",
    async play(scene, findings) {
      const page = await scene.open();
      const state = await page.ask("text");
      whole(findings, state, { text: textOf(SHORT) });
      findings.equal("what is read", await page.articles(), [`text ${scene.nonce}`, textOf(SHORT)]);
      if (scene.client.id !== "hook") findings.holds("usage", state.turns[1]?.usage > 0, state.turns[1]?.usage);
      findings.equal("thrown", page.problems, []);
    },
  },
  {
    name: "thinking",
    expects: "apart from the text",
    async play(scene, findings) {
      const page = await scene.open({ log: "memory" });
      const state = await page.ask("thinking");
      whole(findings, state, { text: textOf(SHORT) });
      findings.equal("thinking", state.turns[1]?.thinking, "Let me see.");
    },
  },
  {
    name: "tools",
    expects: "the input while it grows, the result, the answer",
    async play(scene, findings) {
      const page = await scene.open({ log: "memory" });
      const state = await page.ask("tools");
      whole(findings, state, { text: `I look. ${textOf(SHORT)}` });
      const [call, ...others] = state.turns[1]?.tools ?? [];
      findings.equal("other calls", others, []);
      const { name, state: callState, input, output } = call ?? {};
      const city = "Reykjavík";
      findings.equal(
        "call",
        { name, callState, input, output },
        {
          name: "weather",
          callState: "result",
          input: { city, days: 3 },
          output: { city, sunny: [false, false, false] },
        },
      );
      const { seen } = await page.details();
      const cities = new Set(seen.map((json) => JSON.parse(json).city ?? ""));
      findings.holds("the input does not grow", cities.size >= 3, seen);
      findings.holds(
        "an input is not the beginning",
        [...cities].every((part) => city.startsWith(part)),
        seen,
      );
    },
  },
  {
    name: "files",
    expects: "the user's file reaches the model",
    async play(scene, findings) {
      const page = await scene.open();
      const state = await page.ask("text", { files: [{ type: "file", mediaType: "image/png", url: PIXEL }] });
      whole(findings, state, { text: textOf(SHORT) });
      findings.equal("files", state.turns[0]?.files, ["image/png"]);
      const sent = scene.requests[0]?.body.messages[0].content.find(({ type }) => type === "image");
      findings.equal("sent", sent?.source, { type: "base64", media_type: "image/png", data: PIXEL.split(",")[1] });
    },
  },
  {
    name: "two-turns",
    expects: "two questions, two answers; the model hears all",
    async play(scene, findings) {
      const page = await scene.open({ log: "memory" });
      await page.ask("thinking");
      const state = await page.ask("text");
      whole(findings, state, { text: textOf(SHORT), turns: 4 });
      findings.equal("first answer", state.turns[1]?.text, textOf(SHORT));
      const roles = scene.requests.at(-1)?.body.messages.map(({ role }) => role);
      findings.equal("sent", roles, ["user", "assistant", "user"]);
      findings.holds("one id for two answers", state.turns[1]?.id !== state.turns[3]?.id, state.turns[3]?.id);
    },
  },
  {
    name: "approval",
    expects: "the question, then the tool's result and the answer, in one message; refused: no result",
    takes: ({ major }) => major !== 5,
    async play(scene, findings) {
      const page = await scene.open({ log: "memory" });
      for (const isApproved of [true, false]) {
        const [call] = (await page.ask("approval")).turns.at(-1).tools;
        findings.equal("waiting", [call.state, call.input], ["approval-requested", { to: "Ada" }]);
        await page.approve(call.approval, isApproved);
        const { turns } = await page.until(
          ({ turns: now }) => now.at(-1).text !== "" && now.at(-1).outcome === "complete",
        );
        whole(findings, await page.settled(), { text: textOf(SHORT), turns: turns.length });
        const [{ state, output }] = turns.at(-1).tools;
        if (isApproved) findings.equal("result", [state, output], ["result", "Sent to Ada."]);
        else findings.holds("refused", ["failed", "denied"].includes(state), state);
      }
    },
  },
];
