/**
 * Help: pure text, from the flags that there are.
 * @module
 */
import type { FlagSpec } from "../plugin/flags.ts";

export interface HelpSection {
  /** `rootfs  What the payload sees as its file system` */
  readonly title: string;
  readonly summary?: string;
  readonly rows: readonly (readonly [left: string, right: string])[];
}

export interface HelpPage {
  readonly usage: readonly string[];
  readonly summary: string;
  readonly sections: readonly HelpSection[];
  readonly closing?: string;
}

export interface HelpStyle {
  readonly colour: boolean;
  readonly columns: number;
}

const BOLD = "\u001b[1m";
const DIM = "\u001b[2m";
const CYAN = "\u001b[36m";
const RESET = "\u001b[0m";

/** A longer left column would leave no room: its text stands on the line below. */
const LEFT_COLUMNS_MAX = 32;
const GAP = 2;

/** `-v, --volume SRC:DST`; without a short form the long ones stand below each other. */
export const flagLabel = ({ name, short, value }: FlagSpec): string =>
  `${short === undefined ? "   " : `-${short},`} --${name}${value === undefined ? "" : ` ${value}`}`;

/** One section for each owner, in the order in which they come. */
export const flagSections = (
  specs: readonly FlagSpec[],
  summaries: ReadonlyMap<string, string>,
): readonly HelpSection[] =>
  [...Map.groupBy(specs, ({ owner }) => owner)].map(([title, flags]) => {
    const summary = summaries.get(title);
    return {
      title,
      ...(summary === undefined ? {} : { summary }),
      rows: flags.map((spec) => [flagLabel(spec), spec.summary]),
    };
  });

/** The page as text. Left columns of all sections are aligned. */
export const renderHelp = ({ usage, summary, sections, closing }: HelpPage, style: HelpStyle): string => {
  const paint = (code: string, text: string): string => (style.colour && text !== "" ? `${code}${text}${RESET}` : text);
  const lengths = sections.flatMap(({ rows }) => rows.map(([left]) => left.length));
  const left = Math.min(LEFT_COLUMNS_MAX, Math.max(0, ...lengths));
  const room = Math.max(20, style.columns - left - 2 * GAP);
  const blocks = sections.map(({ title, summary: about, rows }) =>
    [
      `${paint(BOLD, title)}${about === undefined ? "" : paint(DIM, `  ${about}`)}`,
      ...rows.flatMap((row) => renderRow(row, left, room, (text) => paint(CYAN, text))),
    ].join("\n"),
  );
  const uses = usage.map((line, index) => `${index === 0 ? "Usage:" : "      "} ${line}`).join("\n");
  return [summary, uses, ...blocks, ...(closing === undefined ? [] : [closing])].join("\n\n");
};

const renderRow = (
  [label, text]: readonly [string, string],
  left: number,
  room: number,
  paint: (text: string) => string,
): readonly string[] => {
  const indent = " ".repeat(left + 2 * GAP);
  const lines = wrap(text, room);
  const head = `${" ".repeat(GAP)}${paint(label)}`;
  if (label.length > left) return [head, ...lines.map((line) => `${indent}${line}`)];
  const [first = "", ...others] = lines;
  return [
    `${head}${" ".repeat(left - label.length + GAP)}${first}`.trimEnd(),
    ...others.map((line) => `${indent}${line}`),
  ];
};

/** Words on lines of at most `columns`; a longer word has a line of its own. */
const wrap = (text: string, columns: number): readonly string[] => {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
};
