/**
 * Secrets as files: /run/secrets/NAME, which nobody but the payload can read, and which nobody can change.
 *
 * The plan has their names and where they come from. What they are is read when the sandbox starts (src/launch/secrets.ts): it stands in
 * no explanation, image or file, and in no argument or environment of any process.
 *
 * Errors of the start: `E_SECRET_FILE` (gone, or not to be read), `E_SECRET_SIZE`.
 *
 * @see https://man7.org/linux/man-pages/man5/tmpfs.5.html
 * @module
 */
import * as v from "valibot";
import { definePlugin, entry, type Flag, type Host, refuse, runOnly, type Secret, secret } from "../src/api.ts";
import { hasControlCharacter, resolveFrom } from "./path.ts";

const DIRECTORY = "/run/secrets";

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
export const NAME_SYNTAX = "1 to 64 letters, digits, _, . and -, a letter or digit first";
const FROM_VARIABLE = /^env:(.*)$/s;
const SYNTAX = "NAME=FILE or NAME=env:VAR";

/** As many as there are names for, and a size that the launch does not allow to be reached (SECRET_BYTES_MAX). */
export const SECRETS_MAX = 64;
const TMPFS_BYTES = 64 * 1_048_576;

const fromProblem = (from: string): string | undefined => {
  if (from === "" || hasControlCharacter(from)) return "where it comes from is empty or has control characters";
  const [, variable] = FROM_VARIABLE.exec(from) ?? [];
  return variable === undefined || /^[^=]+$/.test(variable) ? undefined : "env: needs the name of a variable";
};

/** What is wrong with a secret, or undefined. */
const problemOf = (name: string, from: string): string | undefined =>
  NAME.test(name) ? fromProblem(from) : `the name ${JSON.stringify(name)} is not allowed; allowed: ${NAME_SYNTAX}`;

const config = v.strictObject({
  files: v.optional(
    v.pipe(
      v.record(v.string(), v.string()),
      v.check(
        (files) => Object.entries(files).every(([name, from]) => problemOf(name, from) === undefined),
        ({ input }) =>
          Object.entries(input as Record<string, string>)
            .map(([name, from]) => problemOf(name, from))
            .find((problem) => problem !== undefined) ?? "",
      ),
      v.check((files) => Object.keys(files).length <= SECRETS_MAX, `at most ${SECRETS_MAX} secrets`),
      v.description(
        "Files of /run/secrets by their names: a path on the host, or `env:` and a variable of the caller.",
      ),
    ),
  ),
});

/** `found` is filled by `resolve`. */
type Config = v.InferOutput<typeof config> & { readonly found?: readonly Secret[] };

const wrong = (flag: string, name: string, problem: string): never =>
  refuse({
    code: "E_FLAG_VALUE",
    message: `${flag} ${JSON.stringify(name)}: ${problem}`,
    hint: `usage: ${flag} ${SYNTAX}`,
  });

const flag: Flag<Config> = {
  value: SYNTAX.replace(" or NAME=", "|"),
  summary: `Put a file, or a variable of yours, into ${DIRECTORY}/NAME, to be read by the payload alone`,
  apply(section, value, ctx) {
    const equals = value.indexOf("=");
    // What stands behind a missing name could be the secret itself.
    const name = equals === -1 ? "" : value.slice(0, equals);
    if (equals === -1) return wrong(ctx.flag, "…", "there is no equals sign in it");
    const from = value.slice(equals + 1);
    const problem = problemOf(name, from) ?? (section.files?.[name] === undefined ? undefined : "it is given twice");
    return problem === undefined
      ? { ...section, files: { ...section.files, [name]: from } }
      : wrong(ctx.flag, name, problem);
  },
};

const missing = (name: string, what: string, hint: string): never =>
  refuse({ code: "E_SECRET_MISSING", message: `secret ${name}: ${what}`, hint });

const find = (name: string, from: string, host: Host): Secret => {
  const [, variable] = FROM_VARIABLE.exec(from) ?? [];
  if (variable !== undefined) {
    if (host.environment[variable] === undefined)
      missing(name, `there is no variable ${variable}`, "it is taken from your environment, not from the sandbox's");
    return { name, from: { variable } };
  }
  const file = resolveFrom(host.cwd, from);
  if (host.nodeType(file) !== "file")
    missing(
      name,
      `${JSON.stringify(from)} is not a regular file`,
      "paths are looked up on the host; a relative one starts in the current directory",
    );
  return { name, from: { file } };
};

export default definePlugin<Config>({
  name: "secrets",
  summary: `Secrets as files of ${DIRECTORY}, in no image, argument or environment`,
  after: ["rootfs"],
  config,
  flags: { secret: flag },

  resolve: ({ files = {}, ...section }, host) => ({
    ...section,
    files,
    found: Object.entries(files).map(([name, from]) => find(name, from, host)),
  }),

  *plan({ found = [] }) {
    if (found.length === 0) return;
    const inodes = found.length + 1;
    yield entry({
      target: DIRECTORY,
      type: "tmpfs",
      sizeBytes: TMPFS_BYTES,
      inodes,
      mode: 0o500,
      owner: "payload",
      noexec: true,
      readOnly: true,
    });
    for (const one of found) {
      yield secret(one);
      yield entry({
        target: `${DIRECTORY}/${one.name}`,
        type: "file",
        mode: 0o400,
        content: [{ secret: one.name }],
        owner: "payload",
      });
    }
    yield runOnly("what they are is read when it starts");
  },
});
