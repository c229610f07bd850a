/**
 * The facts as a table: one group a namespace, the host's answer beside the sandbox's.
 */
import type { Facts, Group } from "./facts.ts";

type Style = (text: string) => string;
type Row = readonly [name: string, host: string, here: string];

const NAME_WIDTH = 16;
const GAP = "  ";

const coloured = process.stdout.isTTY === true && !process.env.NO_COLOR;
const sgr =
  (code: number): Style =>
  (text) =>
    coloured && text.trim() !== "" ? `\x1b[${code}m${text}\x1b[0m` : text;

const bold = sgr(1);
const dim = sgr(2);
const green = sgr(32);
const yellow = sgr(33);

const columnWidth = (columns: number): number => {
  const room = Math.min(process.stdout.columns || 100, 120) - NAME_WIDTH - columns * GAP.length - GAP.length;
  return Math.max(20, Math.floor(room / columns));
};

/** Breaks between words, and within one only when it does not fit a line. */
const wrap = (text: string, width: number): string[] => {
  const lines = [""];
  for (const word of text.split(" ").flatMap((long) => long.match(new RegExp(`.{1,${width}}`, "gu")) ?? [""])) {
    const line = lines.at(-1) ?? "";
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
};

const layOut = (cells: readonly string[], styles: readonly Style[], width: number): string[] => {
  const wrapped = cells.map((cell, at) => wrap(cell, at === 0 ? NAME_WIDTH : width));
  const height = Math.max(...wrapped.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) =>
    wrapped
      .map((lines, at) => styles[at]?.((lines[line] ?? "").padEnd(at === 0 ? NAME_WIDTH : width)))
      .join(GAP)
      .trimEnd(),
  );
};

const plain: Style = (text) => text;

/** What differs from the host is the sandbox's own, and is what the eye should find. */
const factRow = ([name, host, here]: Row, width: number, compared: boolean): string[] =>
  compared
    ? layOut([name, host, here], [dim, dim, host === here ? plain : green], width)
    : layOut([name, here], [dim, plain], width);

const verdict = (group: Group, host: Group | undefined): string => {
  if (group.id === undefined || host === undefined) return "";
  return group.id === host.id ? yellow("shared with the host") : green("its own");
};

const section = (group: Group, host: Group | undefined, width: number): string[] => {
  const title = `${bold(group.title.padEnd(NAME_WIDTH))}${GAP}`;
  const ids = host === undefined ? dim(group.id ?? "") : dim((host.id ?? "").padEnd(width) + GAP + (group.id ?? ""));
  const line = `${title}${ids} ${verdict(group, host)}`.trimEnd();
  const facts = group.facts.flatMap(([name, value], at) =>
    factRow([name, host?.facts[at]?.[1] ?? "–", value], width, host !== undefined),
  );
  return [line, ...facts, ""];
};

const conclusion = (here: Facts, host: Facts): string => {
  const namespaces = here.groups.filter(({ id }) => id !== undefined);
  const shared = namespaces.filter(({ title, id }) =>
    host.groups.some((group) => group.title === title && group.id === id),
  );
  const own = `${namespaces.length - shared.length} of ${namespaces.length} namespaces are its own`;
  return shared.length === 0
    ? `${own}.`
    : `${own}; shared with the host: ${shared.map(({ title }) => title).join(", ")}.`;
};

export const render = (here: Facts, host?: Facts): string => {
  const width = columnWidth(host === undefined ? 1 : 2);
  const heading = layOut(
    ["", ...(host === undefined ? [] : ["on the host"]), "in the sandbox"],
    [bold, bold, bold],
    width,
  );
  const sections = here.groups.flatMap((group, at) => section(group, host?.groups[at], width));
  return [...heading, "", ...sections, ...(host === undefined ? [] : [conclusion(here, host)])].join("\n");
};
