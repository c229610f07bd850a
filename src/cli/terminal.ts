/**
 * What may be written to: loaded only when there is something to say.
 * @module
 */
import { isatty } from "node:tty";

const DEFAULT_COLUMNS = 100;
const COLUMNS_MAX = 120;

/** Colours only on a terminal that has them, and never against https://no-color.org. */
export const coloursOn = (fd: 1 | 2): boolean => !process.env.NO_COLOR && process.env.TERM !== "dumb" && isatty(fd);

/** Width for text, in columns. */
export const textColumns = (): number => {
  const columns = Number(process.env.COLUMNS ?? 0);
  return Number.isInteger(columns) && columns >= 40 ? Math.min(columns, COLUMNS_MAX) : DEFAULT_COLUMNS;
};
