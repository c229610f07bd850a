/**
 * The payload's environment, built from nothing: a few variables that programs need, and what was asked for.
 *
 * Later ones win: the sandbox's own, `allow`, `files`, `pass`, `set`.
 *
 * Errors the launcher can report from here:
 * - `E2BIG` of execve(2): arguments and environment together take more than a quarter of the stack limit.
 *
 * @see https://man7.org/linux/man-pages/man7/environ.7.html
 * @module
 */
import * as v from "valibot";
import { definePlugin, environment, type Flag, type PlanContext } from "../../src/api.ts";
import { listOf } from "../flag.ts";
import { allowed, fromFiles, passed } from "./host.ts";
import { isName, isVariable, NAME_SYNTAX, parseVariable, VALUE_SYNTAX, type Variable } from "./names.ts";

const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const DEFAULT_LANG = "C.UTF-8";
const EVERYTHING = "*";

const name = v.pipe(v.string(), v.check(isName, `allowed: ${NAME_SYNTAX}`));
const isAllowable = (item: string): boolean => item === EVERYTHING || isName(item);

const config = v.strictObject({
  set: v.optional(
    v.pipe(
      v.record(name, v.string()),
      v.check((all) => Object.entries(all).every(([key, value]) => isVariable(key, value)), `allowed: ${VALUE_SYNTAX}`),
      v.description("Variables and their values."),
    ),
  ),
  pass: v.optional(
    v.pipe(v.array(name), v.description("Variables of the caller's that must be set there, with their values.")),
  ),
  allow: v.optional(
    v.pipe(
      v.array(v.pipe(v.string(), v.check(isAllowable, `allowed: \`*\`, or ${NAME_SYNTAX}`))),
      v.description("Variables of the caller's, where set. `*`: all that the sandbox does not set itself."),
    ),
  ),
  files: v.optional(
    v.pipe(
      v.array(v.pipe(v.string(), v.nonEmpty())),
      v.description("Files with lines of `NAME=VALUE`; comments start with #."),
    ),
  ),
});

/** `found` is filled by `resolve`. */
interface Found {
  readonly variables: readonly Variable[];
  readonly lang: string;
  readonly term: string | undefined;
}
type Config = v.InferOutput<typeof config> & { readonly found?: Found };

const without = <T>(all: Readonly<Record<string, T>>, key: string): Record<string, T> =>
  Object.fromEntries(Object.entries(all).filter(([other]) => other !== key));

/** `-e NAME=VALUE` or `-e NAME`; the last one for a name wins. */
const setFlag: Flag<Config> = {
  short: "e",
  value: "NAME[=VALUE]",
  summary: "Set a variable; without a value, to what the caller has",
  apply(section, text, ctx) {
    const { set = {}, pass = [] } = section;
    if (isName(text))
      return { ...section, set: without(set, text), pass: [...pass.filter((other) => other !== text), text] };
    const [key, value] =
      parseVariable(text) ?? ctx.refuse(text, `NAME or NAME=VALUE; NAME: ${NAME_SYNTAX}; VALUE: ${VALUE_SYNTAX}`);
    return { ...section, set: { ...set, [key]: value }, pass: pass.filter((other) => other !== key) };
  },
};

/** Only the locale that is built into every libc is sure to be there inside. */
const langOf = (lang: string | undefined): string => (lang && /^C\.UTF-?8$/i.test(lang) ? lang : DEFAULT_LANG);

const own = (
  { lang, term }: Found,
  { identity: { home, name: login }, terminal }: PlanContext,
): readonly Variable[] => [
  ["PATH", PATH],
  ["HOME", home],
  ["USER", login],
  ["LOGNAME", login],
  ["LANG", lang],
  ["TMPDIR", "/tmp"],
  ...(terminal && term ? [["TERM", term] as const] : []),
];

/** They say what is so outside, and of another process. */
const NOT_OF_THE_SANDBOX = ["PATH", "HOME", "USER", "LOGNAME", "LANG", "TMPDIR", "PWD", "OLDPWD", "SHLVL", "_"];

export default definePlugin<Config>({
  name: "env",
  summary: "A minimal environment: PATH, HOME, USER, LOGNAME, LANG, TMPDIR, and TERM on a terminal",
  after: ["userns"],
  config,
  flags: {
    env: setFlag,
    "env-file": listOf<Config>({
      key: "files",
      value: "FILE",
      summary: "Read variables from a file of NAME=VALUE lines",
    }),
    "allow-env": listOf<Config>({
      key: "allow",
      short: "E",
      value: "NAME[,NAME…]|*",
      summary: "Pass variables of the caller's where they are set; *: all",
      commas: true,
      problem: (item) => (isAllowable(item) ? undefined : `*, or names: ${NAME_SYNTAX}`),
    }),
  },

  resolve({ set = {}, pass = [], allow = [], files = [] }, host) {
    // Whoever names one of them means it.
    const isOwn = ([key]: Variable): boolean => NOT_OF_THE_SANDBOX.includes(key) && !allow.includes(key);
    const variables = [
      ...allowed(allow, host).filter((variable) => !isOwn(variable)),
      ...fromFiles(files, host),
      ...passed(pass, host),
      ...Object.entries(set),
    ];
    return { found: { variables, lang: langOf(host.environment.LANG), term: host.environment.TERM } };
  },

  *plan({ found = { variables: [], lang: DEFAULT_LANG, term: undefined } }, ctx) {
    const last = new Map([...own(found, ctx), ...found.variables]);
    for (const [key, value] of last) yield environment(key, value);
  },
});
