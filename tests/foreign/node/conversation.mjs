// A program's side of program.py: a line of JSON out, a line of JSON in.
import { createInterface } from "node:readline/promises";

const terminal = createInterface({ input: process.stdin });

export const say = (what) => console.log(JSON.stringify(what));
export const hear = async () => JSON.parse(await terminal.question(""));
export const end = (result) => {
  say(result);
  terminal.close();
};
