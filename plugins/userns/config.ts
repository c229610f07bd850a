/**
 * The section `userns` of the config, and its flags.
 * @module
 */
import * as v from "valibot";
import { EXTENTS_MAX, type Flag, type Identity } from "../../src/api.ts";
import { choice, listOf, toggle } from "../flag.ts";
import { GROUP_SYNTAX, MAP_SYNTAX, parseExtent, parseIdOrName, parseUser, USER_SYNTAX } from "./ids.ts";

const MODES = ["private", "auto", "host"] as const;

const extentProblem = (text: string): string | undefined => {
  const extent = parseExtent(text);
  return typeof extent === "string" ? extent : undefined;
};

const groupProblem = (text: string): string | undefined =>
  parseIdOrName(text) === undefined ? `it must be a ${GROUP_SYNTAX}` : undefined;

const list = (problem: (text: string) => string | undefined, description: string) =>
  v.optional(
    v.pipe(
      v.array(
        v.pipe(
          v.string(),
          v.check(
            (text) => problem(text) === undefined,
            ({ input }) => problem(input) ?? "",
          ),
        ),
      ),
      v.nonEmpty("allowed: one entry at least"),
      v.description(description),
    ),
  );

const fields = v.strictObject({
  mode: v.optional(
    v.pipe(
      v.picklist(MODES),
      v.description(
        "`private`: an own user namespace in which one id is mapped. `auto`: one with 65536 ids, which root has for each sandbox and everybody else from /etc/subuid and /etc/subgid. `host`: none, for root only; the payload is then real root of the host.",
      ),
    ),
  ),
  user: v.optional(
    v.pipe(
      v.string(),
      v.check((user) => parseUser(user) !== undefined, `allowed: ${USER_SYNTAX}`),
      v.description(
        "Who the payload is inside: `UID`, `NAME`, `UID:GID`, `NAME:GROUP`. Names are those of the sandbox's own /etc/passwd and /etc/group. `root` is 0 inside, and still unprivileged outside.",
      ),
    ),
  ),
  groups: list(groupProblem, "Supplementary groups of the payload, inside: numbers or names. They must be mapped."),
  uidmap: list(
    extentProblem,
    `User ids inside and outside: \`${MAP_SYNTAX}\`, at most ${EXTENTS_MAX}. Without \`gidmap\` for groups too.`,
  ),
  gidmap: list(
    extentProblem,
    `Group ids inside and outside: \`${MAP_SYNTAX}\`, at most ${EXTENTS_MAX}. Without \`uidmap\` for users too.`,
  ),
  mapHostRoot: v.optional(
    v.pipe(
      v.boolean(),
      v.description("Allow a map that contains root of the host. The payload may then be that root."),
    ),
  ),
  nested: v.optional(
    v.pipe(v.boolean(), v.description("The payload may make user namespaces inside of its own. Default: false.")),
  ),
});

export const config = v.pipe(
  fields,
  v.check(
    ({ mode, uidmap, gidmap }) => mode !== "auto" || (uidmap === undefined && gidmap === undefined),
    "`auto` chooses the ids, and `uidmap` and `gidmap` name them: leave out one of the two",
  ),
);

/** `found` is filled by `resolve`. */
export type Config = v.InferOutput<typeof config> & {
  readonly found?: { readonly identity: Identity; readonly notes: readonly string[] };
};

const map = (key: "uidmap" | "gidmap", summary: string): Flag<Config> =>
  listOf<Config>({ key, value: MAP_SYNTAX, summary, problem: extentProblem });

export const flags: Readonly<Record<string, Flag<Config>>> = {
  user: {
    short: "u",
    value: "USER[:GROUP]",
    summary: "Who the payload is inside, by numbers or names of the sandbox's (root: 0 inside, unprivileged outside)",
    apply: (section, value, ctx) => (parseUser(value) ? { ...section, user: value } : ctx.refuse(value, USER_SYNTAX)),
  },
  "group-add": listOf<Config>({
    key: "groups",
    value: "GID|NAME",
    summary: "Give the payload a supplementary group, where many are mapped",
    problem: groupProblem,
  }),
  userns: choice(
    "mode",
    MODES,
    "User namespace; auto: with 65536 ids instead of one; host: none, the payload is real root (root only)",
  ),
  uidmap: map("uidmap", "Map user ids (and group ids, where --gidmap says nothing)"),
  gidmap: map("gidmap", "Map group ids (and user ids, where --uidmap says nothing)"),
  "dangerously-map-host-root": toggle(
    "mapHostRoot",
    true,
    "Allow a map that contains root of the host: the payload may then be that root",
  ),
  "allow-userns": toggle("nested", true, "Let the payload make user namespaces of its own"),
  "disable-userns": toggle("nested", false, "No user namespaces inside of the sandbox's (the default)"),
};
