/**
 * Gives the sandbox its own host name and NIS domain name, and the files that say so.
 *
 * Errors the launcher can report from here:
 * - `EPERM`: the UTS namespace belongs to another user namespace.
 * - `EINVAL`: longer than {@link UTS_NAME_BYTES_MAX}; the schema rejects it before launch.
 *
 * @see https://man7.org/linux/man-pages/man2/sethostname.2.html
 * @see https://man7.org/linux/man-pages/man7/uts_namespaces.7.html
 * @module
 */
import * as v from "valibot";
import { definePlugin, entry, type Flag, inside, namespace, refuse, setdomainname, sethostname } from "../src/api.ts";
import { hasControlCharacter } from "./path.ts";

/** Longest name in bytes, without the trailing NUL: `__NEW_UTS_LEN` in `include/uapi/linux/utsname.h`. */
export const UTS_NAME_BYTES_MAX = 64;

const DEFAULT_HOSTNAME = "bunker";
/** What the kernel itself starts with: a new namespace would show the parent's. */
const DEFAULT_DOMAINNAME = "(none)";

const SYNTAX = `1 to ${UTS_NAME_BYTES_MAX} bytes without control characters`;

const utsName = (description: string) =>
  v.optional(
    v.pipe(
      v.string(),
      v.nonEmpty(`allowed: ${SYNTAX}`),
      v.maxBytes(UTS_NAME_BYTES_MAX, ({ received }) => `${received} bytes are too long; allowed: ${SYNTAX}`),
      v.check((name) => !hasControlCharacter(name), `allowed: ${SYNTAX}`),
      v.description(description),
    ),
  );

const config = v.strictObject({
  hostname: utsName(`Node name, as printed by \`uname -n\`. Default: ${DEFAULT_HOSTNAME}.`),
  domainname: utsName("NIS domain name, as printed by `domainname`; unrelated to DNS. Default: none."),
});

type Config = v.InferOutput<typeof config>;

const refuseLength = (flag: string, name: string, bytes: number): never =>
  refuse({
    code: "E_HOSTNAME_LENGTH",
    message: `${flag}: ${JSON.stringify(name)} is ${bytes} bytes long, the kernel takes ${UTS_NAME_BYTES_MAX}`,
    hint: "letters outside of ASCII take two to four bytes each",
  });

const nameFlag = (key: keyof Config, summary: string): Flag<Config> => ({
  value: "NAME",
  summary,
  apply(section, value, ctx) {
    const bytes = Buffer.byteLength(value);
    if (bytes > UTS_NAME_BYTES_MAX) return refuseLength(ctx.flag, value, bytes);
    return v.is(config.entries[key], value) ? { ...section, [key]: value } : ctx.refuse(value, SYNTAX);
  },
});

/** The kernel takes any bytes as a name; a line of /etc/hosts does not. */
const isHostsName = (name: string): boolean => /^[A-Za-z0-9._-]+$/.test(name);

const hostsFile = (hostname: string): string =>
  [
    "127.0.0.1\tlocalhost",
    "::1\tlocalhost ip6-localhost ip6-loopback",
    ...(isHostsName(hostname) ? [`127.0.1.1\t${hostname}`] : []),
    "",
  ].join("\n");

export default definePlugin<Config>({
  name: "hostname",
  summary: "Own host name and NIS domain name",
  after: ["network"],
  config,
  flags: {
    hostname: nameFlag("hostname", "Host name inside"),
    domainname: nameFlag("domainname", "NIS domain name inside"),
  },

  *plan({ hostname = DEFAULT_HOSTNAME, domainname = DEFAULT_DOMAINNAME }, ctx) {
    yield namespace("uts");
    yield inside("uts", sethostname(hostname), setdomainname(domainname));
    yield entry({ target: "/etc/hostname", type: "file", mode: 0o644, content: [`${hostname}\n`] });
    if (ctx.has("net"))
      yield entry({ target: "/etc/hosts", type: "file", mode: 0o644, content: [hostsFile(hostname)] });
  },
});
