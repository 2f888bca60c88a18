import { answers } from "./answers.mjs";
import { deaths } from "./deaths.mjs";
import { endings } from "./endings.mjs";
import { pace } from "./pace.mjs";
import { reloads } from "./reloads.mjs";

/** The rows of the table. */
export const scenarios = [...answers, ...endings, ...reloads, ...deaths, ...pace];
