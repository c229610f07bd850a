/**
 * TCP ports under Landlock: what is listed works, what is not is refused, and there is no way around.
 */
import { afterAll, beforeAll, expect } from "bun:test";
import { box, python } from "../support/box.ts";
import { type Caller, describeForCallers, testWith } from "../support/callers.ts";
import { testWithAbi } from "../support/landlock.ts";

let listed: Bun.TCPSocketListener | undefined;
let other: Bun.TCPSocketListener | undefined;

beforeAll(() => {
  const listen = () => Bun.listen({ hostname: "0.0.0.0", port: 0, socket: { data() {} } });
  [listed, other] = [listen(), listen()];
});

afterAll(() => {
  listed?.stop(true);
  other?.stop(true);
});

const PRELUDE = `
import errno, json, socket, sys
MPTCP, SMC, FASTOPEN = 262, 256, 0x20000000
def outcome(call):
    try: call(); return "ok"
    except OSError as error: return errno.errorcode[error.errno]
def connect(port, family=socket.AF_INET, protocol=0):
    stream = socket.socket(family, socket.SOCK_STREAM, protocol); stream.settimeout(2)
    stream.connect(("127.0.0.1" if family == socket.AF_INET else "::ffff:127.0.0.1", port))
def bind(port, protocol=0): socket.socket(socket.AF_INET, socket.SOCK_STREAM, protocol).bind(("127.0.0.1", port))
def fastopen(port): socket.socket().sendto(b"x", FASTOPEN, ("127.0.0.1", port))
def fastmessage(port): socket.socket().sendmsg([b"x"], [], FASTOPEN, ("127.0.0.1", port))
def own():
    server = socket.create_server(("127.0.0.1", 0)); client = socket.create_connection(server.getsockname()); client.sendall(b"x")
    assert server.accept()[0].recv(1) == b"x"
`;

const ask = (caller: Caller, flags: readonly string[], ...calls: readonly string[]): unknown =>
  python(caller, `${PRELUDE}\nprint(json.dumps([${calls.map((one) => `outcome(lambda: ${one})`).join(", ")}]))`, {
    flags,
  });

const HOST = ["--network", "host"];

describeForCallers("TCP ports under Landlock", (caller) => {
  const ports = () => ({ yes: listed?.port ?? 0, no: other?.port ?? 0 });

  testWithAbi(4, "to connect to are the listed ones alone", () => {
    const { yes, no } = ports();
    const calls = [
      `connect(${yes})`,
      `connect(${no})`,
      `connect(${yes}, socket.AF_INET6)`,
      `connect(${no}, socket.AF_INET6)`,
      "bind(0)",
    ];
    expect(ask(caller, HOST, ...calls)).toEqual(["ok", "ok", "ok", "ok", "ok"]);
    expect(ask(caller, [...HOST, "--tcp-connect", String(yes)], ...calls)).toEqual([
      "ok",
      "EACCES",
      "ok",
      "EACCES",
      "ok",
    ]);
    expect(ask(caller, [...HOST, "--tcp-connect", "none"], ...calls)).toEqual([
      "EACCES",
      "EACCES",
      "EACCES",
      "EACCES",
      "ok",
    ]);
  });

  testWithAbi(4, "to bind are the listed ones alone", () => {
    const { yes } = ports();
    const calls = ["bind(48123)", "bind(48124)", "bind(0)", `connect(${yes})`];
    expect(ask(caller, [...HOST, "--tcp-bind", "48123"], ...calls)).toEqual(["ok", "EACCES", "EACCES", "ok"]);
    expect(ask(caller, [...HOST, "--tcp-bind", "0,48124"], ...calls)).toEqual(["EACCES", "ok", "ok", "ok"]);
    expect(ask(caller, [...HOST, "--tcp-bind", "none"], ...calls)).toEqual(["EACCES", "EACCES", "EACCES", "ok"]);
  });

  testWithAbi(4, "cannot be got around by what is TCP under another name, or connects by sending", () => {
    const { yes, no } = ports();
    const around = [
      `connect(${no}, protocol=MPTCP)`,
      `connect(${no}, protocol=SMC)`,
      `fastopen(${no})`,
      `fastmessage(${no})`,
    ];
    // As Python spells EOPNOTSUPP. The default filter has its own word for SMC, and comes first.
    const refused = (smc: string) => ["EPROTONOSUPPORT", smc, "ENOTSUP", "ENOTSUP"];
    for (const flags of [
      ["--tcp-connect", String(yes)],
      ["--tcp-bind", "none"],
    ]) {
      expect(ask(caller, [...HOST, ...flags], ...around)).toEqual(refused("EPERM"));
      expect(ask(caller, [...HOST, "--seccomp", "none", ...flags], ...around)).toEqual(refused("EPROTONOSUPPORT"));
    }
  });

  testWithAbi(4, "leave UDP and UNIX sockets alone", () => {
    const calls = [
      "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))",
      "(lambda pair: pair[0].send(b'x'))(socket.socketpair())",
      "socket.socket(socket.AF_UNIX).bind('/tmp/socket')",
    ];
    expect(ask(caller, [...HOST, "--tcp-connect", "none", "--tcp-bind", "none"], ...calls)).toEqual(["ok", "ok", "ok"]);
  });

  testWith(["python3"], "are all there where none is listed, in the sandbox's own network", () => {
    expect(ask(caller, [], "own()", "connect(1)")).toEqual(["ok", "ECONNREFUSED"]);
  });

  testWithAbi(4, "can be listed in the sandbox's own network too", () => {
    expect(ask(caller, ["--tcp-bind", "0"], "own()", "bind(8080)")).toEqual(["ok", "EACCES"]);
  });

  testWithAbi(4, "are held where execve may give privileges", () => {
    const { yes, no } = ports();
    const flags = [...HOST, "--tcp-connect", String(yes), "--allow-new-privileges"];
    expect(ask(caller, flags, `connect(${no})`, `connect(${no}, protocol=MPTCP)`)).toEqual([
      "EACCES",
      "EPROTONOSUPPORT",
    ]);
  });

  testWithAbi(4, "that contradict another word are refused before anything starts", () => {
    const { exitCode, stderr } = box(caller, ["true"], { flags: ["--tcp-connect", "443", "--landlock", "tcp=off"] });
    expect([exitCode, stderr.split("\n")[0]]).toEqual([
      125,
      "bunker: error: landlock: tcp ports are given, and tcp is off",
    ]);
  });
});
