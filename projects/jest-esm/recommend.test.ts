import { fakeAnthropic } from "millrace/testing";
import { recommend } from "./recommend.ts";

test("the answer comes whole", async () => {
  const server = await fakeAnthropic({ replies: "The Name of the Wind" });
  process.env["ANTHROPIC_BASE_URL"] = server.url;
  process.env["ANTHROPIC_API_KEY"] = "any";
  expect(await recommend("fantasy")).toBe("The Name of the Wind");
  await server.close();
});
