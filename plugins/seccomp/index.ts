/**
 * The system calls that the payload may make: a seccomp filter, installed right before execve. docs/seccomp.md describes the profiles.
 *
 * Errors that `resolve` reports: `E_SECCOMP_FILE`, `E_SECCOMP_SYNTAX`, `E_SECCOMP_KEY`, `E_SECCOMP_PROFILE` (what is wrong with a file),
 * `E_SECCOMP_LAUNCH` (nothing could be started under it), `E_SECCOMP_LISTENER`, `E_SECCOMP_TOO_LARGE`.
 * Errors the launcher can report from here:
 * - `EINVAL` of seccomp(2): the kernel has no CONFIG_SECCOMP_FILTER, or does not know a flag.
 * - `EACCES`: neither no_new_privs nor CAP_SYS_ADMIN.
 * - `ENOMEM`: filters from outside and this one have more than 32768 instructions together.
 *
 * @see https://man7.org/linux/man-pages/man2/seccomp.2.html
 * @module
 */
import * as v from "valibot";
import {
  bytes,
  call,
  constant,
  definePlugin,
  described,
  type Filter,
  type Flag,
  flags,
  inside,
  note,
  type Op,
  SECCOMP_FILTER_FLAGS,
  SECCOMP_SET_MODE_FILTER,
  seccomp,
  vector,
} from "../../src/api.ts";
import { toggle } from "../flag.ts";
import { hasControlCharacter } from "../path.ts";
import { chooseFilter, PROFILES } from "./choose.ts";

const FILE = "a JSON file as Docker and OCI runtimes take it";
const SYNTAX = `${PROFILES.join(", ")}, or ${FILE}`;

const isProfile = (value: string): boolean => value !== "" && !hasControlCharacter(value);

const config = v.strictObject({
  profile: v.optional(
    v.pipe(
      v.string(),
      v.check(isProfile, `allowed: ${SYNTAX}`),
      v.description(
        "`default`: what ordinary programs need. `strict`: computing without sockets. `none`: no filter. " +
          `Anything else: ${FILE}, from the current directory.`,
      ),
    ),
  ),
  log: v.optional(
    v.pipe(v.boolean(), v.description("Calls are logged instead of denied, to see what a program needs.")),
  ),
});

/** `filter` is filled by `resolve`; without one there is none. */
type Config = v.InferOutput<typeof config> & { readonly filter?: Filter | undefined };

const profileFlag: Flag<Config> = {
  value: "default|strict|none|FILE",
  summary: "System calls that may be made; FILE: JSON as Docker takes it",
  apply: (section, value, ctx) => (isProfile(value) ? { ...section, profile: value } : ctx.refuse(value, SYNTAX)),
};

const SHOWN_NAMES_MAX = 6;

const skippedNote = (profile: string, skipped: readonly string[]): string => {
  const shown = skipped.slice(0, SHOWN_NAMES_MAX).join(", ");
  const count = skipped.length === 1 ? "1 name is no call" : `${skipped.length} names are no calls`;
  const all = skipped.length > SHOWN_NAMES_MAX ? ` … ("bunker seccomp show ${profile}" lists them all)` : "";
  return `seccomp: ${count} of this architecture: ${shown}${all}.`;
};

/** `struct sock_fprog { unsigned short len; struct sock_filter *filter }`, in two words. */
const install = ({ profile, bytes: program, instructions, flags: names }: Filter): Op => {
  const bits = flags(Object.fromEntries(names.map((name) => [name, SECCOMP_FILTER_FLAGS[name]])));
  const listed = bytes(program, `{${instructions} instructions}`);
  return described(
    call("seccomp", [constant(SECCOMP_SET_MODE_FILTER, "SECCOMP_SET_MODE_FILTER"), bits, vector(instructions, listed)]),
    `seccomp(SECCOMP_SET_MODE_FILTER, ${JSON.stringify(profile)})`,
  );
};

export default definePlugin<Config>({
  name: "seccomp",
  summary: "System calls that ordinary programs need, and no others",
  after: ["capabilities", "no_new_privs"],
  config,
  flags: {
    seccomp: profileFlag,
    "seccomp-log": toggle("log", true, "Log calls instead of denying them"),
  },

  resolve(section, host, sections) {
    const filter = chooseFilter(section, host, sections);
    return filter instanceof Promise ? filter.then((made) => ({ ...section, filter: made })) : { ...section, filter };
  },

  *plan({ filter, log = false }) {
    if (filter === undefined) {
      yield note("--seccomp none: every system call of the kernel is open to the payload.");
      return;
    }
    const { profile, instructions, sha256, skipped, remarks } = filter;
    yield seccomp({ profile, instructions, sha256, log, skipped });
    yield inside("seccomp", install(filter));
    for (const remark of remarks) yield note(`seccomp: ${remark}.`);
    if (skipped.length > 0) yield note(skippedNote(profile, skipped));
  },
});
