import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("../", import.meta.url);
const peers = new URL("bench/peers/", root);

/** Where the packages of the other clients are. */
export const peersFolder = fileURLToPath(peers);

/** The columns, and the module that knows how each client is used. */
export const clients = [
  {
    id: "millrace",
    title: "millrace",
    packages: [],
    module: new URL("faults/clients/millrace.mjs", root),
    abilities: ["recover"],
  },
];

/** The packages of a client, with the versions that are installed. */
export function versions({ packages, id }) {
  if (id === "millrace") return [`millrace ${version(new URL("package.json", root))}`];
  return packages.map((name) => `${name} ${version(new URL(`node_modules/${name}/package.json`, peers))}`);
}

function version(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).version : "(not installed)";
}
