/**
 * Standard streams: pipes are passed on; regular files and the caller's terminal stay outside, behind pipes and a terminal of the sandbox's
 * own.
 *
 * Through /proc/self/fd a payload could open a file of its caller's again, and read, truncate or overwrite all of it; with its caller's
 * terminal it could type, by TIOCSTI and TIOCLINUX, or leave settings behind.
 *
 * Errors the launcher can report from here:
 * - `ENOSPC` of open("/dev/pts/ptmx"): the terminals of the host are used up (kernel.pty.max).
 *
 * @see https://man7.org/linux/man-pages/man7/pty.7.html
 * @see https://man7.org/linux/man-pages/man2/TIOCSTI.2const.html
 * @module
 */
import * as v from "valibot";
import { definePlugin, note, refuse, type Stdio, stdio } from "../src/api.ts";
import { toggle } from "./flag.ts";

const config = v.strictObject({
  tty: v.optional(
    v.pipe(
      v.boolean(),
      v.description(
        "`true`: the payload's outputs are a terminal. `false`: it has none. Default: a terminal where standard input is one.",
      ),
    ),
  ),
  inherit: v.optional(
    v.pipe(
      v.boolean(),
      v.description("The payload gets the caller's own files and terminal: it can open and type into them."),
    ),
  ),
  interactive: v.optional(
    v.pipe(
      v.boolean(),
      v.description("Standard input is passed on. It always is: this is for those who are used to say so."),
    ),
  ),
});

type Config = v.InferOutput<typeof config>;

const terminalOf = ({ tty }: Config): Stdio["terminal"] => {
  if (tty === undefined) return "auto";
  return tty ? "always" : "never";
};

export default definePlugin<Config>({
  name: "stdio",
  summary: "Standard streams: pipes as they are, files and terminals at second hand",
  config,
  flags: {
    tty: { ...toggle("tty", true, "Give the payload a terminal, also where standard input is none"), short: "t" },
    "no-tty": toggle("tty", false, "Give the payload no terminal: it gets pipes"),
    interactive: {
      ...toggle("interactive", true, "Pass standard input on: the default, for those who are used to say so"),
      short: "i",
    },
    "inherit-stdio": toggle("inherit", true, "Give the payload the caller's own files and terminal (dangerous)"),
  },

  resolve(section) {
    if (section.inherit && section.tty !== undefined)
      return refuse({
        code: "E_STDIO",
        message: "--inherit-stdio gives the caller's own terminal, --tty and --no-tty another one or none",
        hint: "leave out one of the two",
      });
    return section;
  },

  *plan(section) {
    yield stdio({ streams: section.inherit ? "inherit" : "relay", terminal: terminalOf(section) });
    if (section.inherit)
      yield note("--inherit-stdio: the payload can open the caller's files again, and type into its terminal.");
  },
});
