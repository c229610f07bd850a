/**
 * Resource limits of each process: what the payload may use at most, as setrlimit(2) counts it.
 *
 * A belt: they are per process, or per user within this user namespace (nproc), while a cgroup counts the sandbox as a whole.
 *
 * Errors the launcher can report from here:
 * - `EPERM`: a hard limit above the caller's own.
 *
 * @see https://man7.org/linux/man-pages/man2/getrlimit.2.html
 * @module
 */
import * as v from "valibot";
import { bytes, call, constant, definePlugin, described, inside } from "../src/api.ts";
import { listOf } from "./flag.ts";
import { parseSize } from "./rootfs/sizes.ts";

/** The place is the number: include/uapi/asm-generic/resource.h. */
const RESOURCES = [
  "cpu",
  "fsize",
  "data",
  "stack",
  "core",
  "rss",
  "nproc",
  "nofile",
  "memlock",
  "as",
  "locks",
  "sigpending",
  "msgqueue",
  "nice",
  "rtprio",
  "rttime",
] as const;

type Resource = (typeof RESOURCES)[number];

/** Counted in bytes: a unit may stand behind the number. */
const IN_BYTES: readonly Resource[] = ["fsize", "data", "stack", "core", "rss", "memlock", "as", "msgqueue"];

const RLIM_INFINITY = 2n ** 64n - 1n;
const UNLIMITED = ["unlimited", "-1"];
const SYNTAX = `NAME=SOFT[:HARD], a name of ${RESOURCES.join(", ")}, and whole numbers (bytes also as 64m) or unlimited`;

export interface Limit {
  readonly resource: Resource;
  readonly soft: bigint;
  readonly hard: bigint;
}

const parseValue = (resource: Resource, text: string): bigint | string => {
  if (UNLIMITED.includes(text)) return RLIM_INFINITY;
  if (/^(0|[1-9][0-9]{0,18})$/.test(text)) return BigInt(text);
  if (!IN_BYTES.includes(resource)) return `${JSON.stringify(text)} is no limit`;
  const size = parseSize(text);
  return typeof size === "string" ? size : BigInt(size);
};

/** `nofile=256:512`; what is wrong, when it is text. One number is both limits, as in Docker. */
export const parseLimit = (text: string): Limit | string => {
  const [, name = "", values = ""] = /^([a-z]+)=(.*)$/.exec(text) ?? [];
  const resource = RESOURCES.find((known) => known === name);
  if (resource === undefined) return `${JSON.stringify(name || text)} is no resource; allowed: ${SYNTAX}`;
  const [softText = "", hardText = softText, more] = values.split(":");
  const [soft, hard] = [parseValue(resource, softText), parseValue(resource, hardText)];
  if (more !== undefined) return `more than two limits; allowed: ${SYNTAX}`;
  if (typeof soft === "string") return `${soft}; allowed: ${SYNTAX}`;
  if (typeof hard === "string") return `${hard}; allowed: ${SYNTAX}`;
  return soft <= hard ? { resource, soft, hard } : `the soft limit ${softText} is above the hard one, ${hardText}`;
};

const problem = (text: string): string | undefined => {
  const parsed = parseLimit(text);
  return typeof parsed === "string" ? parsed : undefined;
};

const config = v.strictObject({
  limits: v.optional(
    v.pipe(
      v.array(
        v.pipe(
          v.string(),
          v.rawCheck(({ dataset, addIssue }) => {
            const wrong = dataset.typed ? problem(dataset.value) : undefined;
            if (wrong !== undefined) addIssue({ message: wrong });
          }),
        ),
      ),
      v.description(`Limits of each process: ${SYNTAX}. The last of a name wins.`),
    ),
  ),
});

type Config = v.InferOutput<typeof config>;

/** Processes and threads: enough for a build, too few for a fork bomb to matter. The kernel counts those of this user namespace. */
const DEFAULTS: readonly string[] = ["nproc=1024"];

const shown = (limit: bigint): string => (limit === RLIM_INFINITY ? "unlimited" : String(limit));

const setLimit = ({ resource, soft, hard }: Limit) => {
  const pair = new Uint8Array(new BigUint64Array([soft, hard]).buffer);
  const [words, number] = [`${shown(soft)}:${shown(hard)}`, RESOURCES.indexOf(resource)];
  return described(
    call("prlimit64", [0, constant(number, `RLIMIT_${resource.toUpperCase()}`), bytes(pair, `{${words}}`), 0]),
    `setrlimit(${resource}, ${words})`,
  );
};

const isLimit = (limit: Limit | string): limit is Limit => typeof limit !== "string";

export default definePlugin<Config>({
  name: "rlimits",
  summary: "Limits of each process: 1024 processes unless told otherwise",
  after: ["process"],
  config,
  flags: {
    ulimit: listOf<Config>({
      key: "limits",
      value: "NAME=SOFT[:HARD]",
      problem,
      summary: "Limit a resource of each process (nofile=256:512, fsize=64m, nproc=100, cpu=10, …)",
    }),
  },

  *plan({ limits = [] }) {
    const parsed = [...DEFAULTS, ...limits].map(parseLimit).filter(isLimit);
    const last = new Map(parsed.map((limit) => [limit.resource, limit]));
    yield inside("limits", ...[...last.values()].map(setLimit));
  },
});
