/**
 * Colours of actions, and aligned columns; colours on a terminal only.
 * @module
 */
import { coloursOn } from "../terminal.ts";

const RESET = "\u001b[0m";
const STYLES = { green: "\u001b[32m", red: "\u001b[31m", yellow: "\u001b[33m", bold: "\u001b[1m", dim: "\u001b[2m" };
export type Style = keyof typeof STYLES;

export type Paint = (style: Style, text: string) => string;

export const painter = (): Paint => {
  const on = coloursOn(1);
  return (style, text) => (on && text !== "" ? `${STYLES[style]}${text}${RESET}` : text);
};

/** Green for what is done, yellow for what is looked at by somebody else, red for what is denied. */
export const actionStyle = (action: string): Style => {
  if (action === "allow") return "green";
  return ["log", "trace", "notify"].some((word) => action.startsWith(word)) ? "yellow" : "red";
};

export interface Cell {
  readonly text: string;
  readonly style?: Style;
  readonly right?: boolean;
}

/** Rows with aligned columns; the last one is left ragged. */
export const table = (rows: readonly (readonly Cell[])[], paint: Paint): string => {
  const widths = rows.reduce<number[]>(
    (all, row) => row.slice(0, -1).map((cell, at) => Math.max(cell.text.length, all[at] ?? 0)),
    [],
  );
  const show = ({ text, style, right = false }: Cell, width = 0): string => {
    const painted = style === undefined ? text : paint(style, text);
    const space = " ".repeat(Math.max(0, width - text.length));
    return right ? `${space}${painted}` : `${painted}${space}`;
  };
  return rows
    .map((row) =>
      row
        .map((cell, at) => show(cell, widths[at]))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
};
