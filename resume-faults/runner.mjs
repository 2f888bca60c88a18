import { openScene } from "./scene.mjs";

/** Plays a row with a client: `{ row, client, pass, seen }`, and `skipped` where the client has no such thing. */
export async function play(program, row, client) {
  const about = { row: row.name, client: client.id };
  const lacks = row.needs.filter((ability) => !client.abilities.includes(ability));
  if (lacks.length > 0) return { ...about, pass: false, skipped: true, seen: "n/a" };
  const scene = await openScene(program, client, row);
  try {
    const { problems = [], notes = [], skipped = false } = await row.play(scene).catch(failure);
    const faults = [...new Set([...scene.producer.faults, ...scene.elsewhere.faults])];
    const wrong = [...problems, ...faults].filter(Boolean);
    const said = [notes].flat().filter(Boolean);
    if (skipped) return { ...about, pass: false, skipped, seen: said.join(", ") };
    return { ...about, pass: wrong.length === 0, seen: [...wrong, ...said].join(", "), problems: wrong, notes: said };
  } finally {
    await scene.close();
  }
}

/** A command that fails or hangs is a result like any other. */
function failure(error) {
  if (error.code === "hangs") return { problems: [error.message] };
  return { problems: [`fails: ${error.message.slice(0, 120)}`] };
}
