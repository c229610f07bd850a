/**
 * Own network namespace with nothing but loopback, or the network of the host.
 *
 * Errors the launcher can report from here:
 * - `ENOSPC` of clone(2): /proc/sys/user/max_net_namespaces is reached.
 * - `EAFNOSUPPORT` of socket(2): the kernel has no IPv4.
 *
 * @see https://man7.org/linux/man-pages/man7/network_namespaces.7.html
 * @see https://man7.org/linux/man-pages/man7/netdevice.7.html
 * @module
 */
import * as v from "valibot";
import {
  bytes,
  call,
  calls,
  constant,
  definePlugin,
  described,
  entry,
  flags,
  inside,
  namespace,
  note,
  slot,
} from "../src/api.ts";
import { choice } from "./flag.ts";

const config = v.strictObject({
  mode: v.optional(
    v.pipe(
      v.picklist(["none", "host"]),
      v.description("`none`: loopback only. `host`: the network of the host, all of it."),
    ),
  ),
});

/** Texts of the host's files, filled by `resolve`. */
type Config = v.InferOutput<typeof config> & { readonly files?: Readonly<Record<string, string>> };

const IFREQ_BYTES = 40;
const IFREQ_FLAGS_OFFSET_BYTES = 16;
const IFF_UP = 0x1;
const IFF_RUNNING = 0x40;

/** `struct ifreq { char ifr_name[16]; short ifr_flags; … }`, the same on both machines. */
const loopbackUp = (): Uint8Array => {
  const request = new Uint8Array(IFREQ_BYTES);
  request.set(new TextEncoder().encode("lo"));
  new DataView(request.buffer).setInt16(IFREQ_FLAGS_OFFSET_BYTES, IFF_UP | IFF_RUNNING, true);
  return request;
};

const SOCKET_TYPE = { SOCK_DGRAM: 2, SOCK_CLOEXEC: 0o2000000 };
const socket = slot("socket");

const bringLoopbackUp = () => [
  call("socket", [constant(2, "AF_INET"), flags(SOCKET_TYPE), 0], socket),
  described(
    call("ioctl", [socket, constant(0x8914, "SIOCSIFFLAGS"), bytes(loopbackUp(), '{"lo", IFF_UP|IFF_RUNNING}')]),
    'ioctl(SIOCSIFFLAGS, "lo", IFF_UP|IFF_RUNNING)',
  ),
  calls.close(socket),
];

/** Files that say how names are found. They change with the network, so that their text is taken, not a bind of them. */
const HOST_FILES = ["/etc/resolv.conf", "/etc/hosts"];
const HOST_FILE_BYTES_MAX = 65_536;

export default definePlugin<Config>({
  name: "network",
  summary: "Own network with nothing but loopback",
  config,
  flags: { network: choice("mode", ["none", "host"], "Network; none: loopback only, host: all that the host has") },

  resolve(section, host) {
    if (section.mode !== "host") return section;
    const texts = HOST_FILES.map((path) => [path, host.readText(path, HOST_FILE_BYTES_MAX)] as const);
    return {
      ...section,
      files: Object.fromEntries(texts.filter((pair): pair is [string, string] => pair[1] !== undefined)),
    };
  },

  *plan({ mode, files = {} }) {
    if (mode === "host") {
      yield note(
        "--network host: the payload reaches all that the host reaches; without Landlock its abstract sockets too.",
      );
      for (const [target, content] of Object.entries(files))
        yield entry({ target, type: "file", mode: 0o644, content: [content] });
      return;
    }
    yield namespace("net");
    yield inside("network", ...bringLoopbackUp());
  },
});
