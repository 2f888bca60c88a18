import { isObject, type JsonObject, stringField } from "../../json/object.ts";
import { copied, listIn, objectIn } from "./growth.ts";
import { isIndex } from "./reply-items.ts";

/** The commands for a shell are a list. */
export function changeShellCall(call: JsonObject, { command_index: index, delta, command }: JsonObject): void {
  const commands = listIn(objectIn(call, "action"), "commands");
  const at = placeIn(commands, index);
  const known = commands[at];
  if (typeof delta === "string") commands[at] = (typeof known === "string" ? known : "") + delta;
  else if (typeof command === "string" && (command !== "" || known === undefined)) commands[at] = command;
}

/** What the commands have written is a list, too. */
export function changeShellOutput(result: JsonObject, { command_index: index, delta, output }: JsonObject): void {
  const outputs = listIn(result, "output");
  const at = placeIn(outputs, index);
  if (isObject(delta)) {
    const known = outputs[at];
    const grown: JsonObject = isObject(known) ? known : (outputs[at] = {});
    for (const stream of ["stdout", "stderr"]) {
      const text = delta[stream];
      if (typeof text === "string") grown[stream] = (stringField(grown, stream) ?? "") + text;
    }
  } else if (Array.isArray(output)) {
    output.forEach((one: unknown, place) => (outputs[at + place] = copied(one)));
  }
}

/** The place that an event names, or the last one. */
function placeIn(list: readonly unknown[], index: unknown): number {
  return isIndex(index) ? Math.min(index, list.length) : Math.max(0, list.length - 1);
}
