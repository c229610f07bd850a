/**
 * `bunker run --diff`: what changed below the overlays, on standard error, behind all that the payload wrote there.
 * @module
 */
import { printable } from "../errors/text.ts";
import { type Change, type ChangeKind, type Changes, findChanges, type Overlaid } from "../launch/changes.ts";
import { log } from "../log.ts";
import { coloursOn } from "./terminal.ts";

const COLOURS: Readonly<Record<ChangeKind, string>> = {
  added: "\u001b[32m",
  modified: "\u001b[33m",
  deleted: "\u001b[31m",
  unknown: "\u001b[35m",
};
const RESET = "\u001b[0m";
const WIDTH = Math.max(...Object.keys(COLOURS).map((kind) => kind.length));

/** As ls -F has it. */
const MARKS: Readonly<Record<Change["node"], string>> = { directory: "/", file: "", link: "@", other: "" };

const line = ({ kind, path, node }: Change, colour: boolean): string => {
  const word = kind.padEnd(WIDTH);
  return `${colour ? `${COLOURS[kind]}${word}${RESET}` : word}  ${printable(path)}${MARKS[node]}`;
};

/** `added     /work/new`, one a line, by path. */
export const renderChanges = ({ changes, truncated }: Changes, { colour = false } = {}): string =>
  [
    ...(changes.length === 0 ? ["no changes"] : changes.map((change) => line(change, colour))),
    ...(truncated ? [`and more: only the first ${changes.length} are listed`] : []),
  ].join("\n");

/** As one JSON text: `{ "changes": [{ "kind", "path", "node" }], "truncated" }`. */
export const showChanges = (overlays: readonly Overlaid[], { json }: { readonly json: boolean }): void => {
  const found = findChanges(overlays);
  log.info(json ? JSON.stringify(found, undefined, 2) : renderChanges(found, { colour: coloursOn(2) }));
};
