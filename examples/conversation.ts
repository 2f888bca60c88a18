import { assistant, type Message, user } from "millrace";
import { call, type MessageParam } from "millrace/anthropic";

const answer = call("claude-sonnet-5-5", { stream: true }, (messages: readonly (Message | MessageParam)[]) => messages);

const history: (Message | MessageParam)[] = [user("Hello"), assistant("Hello. What do you like to read?")];
for (const question of ["Recommend a fantasy book", "Another one"]) {
  const stream = answer([...history, user(question)]);
  for await (const text of stream.textStream()) process.stdout.write(text);
  // Sent back as it came: thinking blocks and signatures untouched.
  if (stream.messageParam !== null) history.push(user(question), stream.messageParam);
}
console.log(`\n${history.length} messages`);
