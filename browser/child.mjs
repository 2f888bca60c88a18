// The application in a process of its own, to be killed.
import { startServer } from "./server.mjs";

const server = await startServer(JSON.parse(process.argv[2]));
process.send({ port: server.port });
// It ends with whoever started it.
process.on("disconnect", () => process.exit());
