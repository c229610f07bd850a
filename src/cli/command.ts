/**
 * From the words behind the flags to the payload's argv: scripts get their interpreter, and what is run is made visible inside.
 *
 * Pure over {@link Host}. Not a script and not a file here: the words stay as they are, and mean what they mean inside.
 * @module
 */
import { basename, dirname, join, resolve } from "node:path";
import { scriptNotReadable } from "../errors/command.ts";
import type { Sections } from "../plugin/config.ts";
import type { Host } from "../plugin/host.ts";

/** Where the sandbox has this binary, to be the Bun that runs scripts. */
export const RUNTIME_PATH = "/run/bunker/bun";

/** Bun would run the `preload` of a bunfig.toml and read the .env of the directory that it happens to start in. */
const RUNTIME_FLAGS = ["--config=/dev/null", "--no-env-file"];

const ON_BUN = /\.[mc]?[jt]s$|\.[jt]sx$/;
const INTERPRETERS: Readonly<Record<string, string>> = { py: "python3", sh: "sh" };
const EXTENSION = /\.([a-z]+)$/;

/** `BINPRM_BUF_SIZE`, include/uapi/linux/binfmts.h: what the kernel looks at. */
const SHEBANG_BYTES_MAX = 256;

export interface Command {
  readonly argv: readonly string[];
  readonly sections: Sections;
}

/** Applies the script rule to the first word. @throws BunkerError for a script that could not be read inside */
export const resolveCommand = (words: readonly string[], sections: Sections, host: Host): Command => {
  const [word, ...args] = words;
  const file = word === undefined ? undefined : hostFile(word, sections, host);
  if (word === undefined || file === undefined) return { argv: words, sections };

  const shown = [...new Set([file, host.realPath(file)])];
  const withFile = add(sections, "rootfs", "shared", shown);
  const interpreter = interpreterOf(file, host);
  if (interpreter === undefined) return { argv: words, sections: withFile };

  checkReadable(file, sections, host);
  if (interpreter !== BUN) return { argv: [...interpreter, file, ...args], sections: withFile };
  const withRuntime = set(set(withFile, "rootfs", "runtime", true), "env", "set", {
    ...(sectionOf(sections, "env").set as object | undefined),
    BUN_BE_BUN: "1",
  });
  return { argv: [RUNTIME_PATH, ...RUNTIME_FLAGS, file, ...args], sections: withRuntime };
};

// --- internal ---

const BUN = "bun";

/** The file that a word names here: its path without links in the directory. */
const hostFile = (word: string, sections: Sections, host: Host): string | undefined => {
  const known = ON_BUN.test(word) || extensionOf(word) in INTERPRETERS;
  if (!word.includes("/") && !known) return undefined;
  // In a root directory of the user's own, a path is one of that directory's.
  if (sectionOf(sections, "rootfs").directory !== undefined && (word.startsWith("/") || !known)) return undefined;
  const path = resolve(host.cwd, word);
  return host.nodeType(path) === "file" ? join(host.realPath(dirname(path)), basename(path)) : undefined;
};

const extensionOf = (path: string): string => EXTENSION.exec(path)?.[1] ?? "";

/** What runs the file: Bun, an argv to put in front, or nothing where the kernel can. */
const interpreterOf = (file: string, host: Host): typeof BUN | readonly string[] | undefined => {
  if (ON_BUN.test(file)) return BUN;
  // Most files are no scripts, and nothing but their first bytes decides here.
  const isScript = host.readStart(file, 2) === "#!";
  const named = isScript ? shebang(host.readStart(file, SHEBANG_BYTES_MAX) ?? "") : undefined;
  const usual = INTERPRETERS[extensionOf(file)];
  if (host.mayExecute(file) && (named !== undefined || usual === undefined)) return undefined;
  return named ?? (usual === undefined ? undefined : [usual]);
};

/** As the kernel reads it: an interpreter, and the rest of the line as one argument. */
const shebang = (text: string): readonly string[] | undefined => {
  const [, interpreter, argument] = /^#![ \t]*([^ \t\r\n]+)[ \t]*([^\r\n]*?)[ \t]*(?:\r?\n|$)/.exec(text) ?? [];
  return interpreter === undefined ? undefined : [interpreter, ...(argument ? [argument] : [])];
};

/** A payload that is somebody else than the caller, as root's always is, may be unable to read what the caller can. */
const checkReadable = (file: string, sections: Sections, host: Host): void => {
  if (host.readStart(file, 1) === undefined) throw scriptNotReadable(file, file, "caller");
  const { mode } = sectionOf(sections, "userns");
  if (mode === "host" || (host.uid !== 0 && mode !== "auto")) return;
  if (!host.openToAll(host.realPath(file))) throw scriptNotReadable(file, file, host.uid === 0 ? "root" : "range");
};

const sectionOf = (sections: Sections, name: string): Readonly<Record<string, unknown>> => {
  const section = sections[name];
  return typeof section === "object" && section !== null ? (section as Record<string, unknown>) : {};
};

const set = (sections: Sections, name: string, key: string, value: unknown): Sections => ({
  ...sections,
  [name]: { ...sectionOf(sections, name), [key]: value },
});

const add = (sections: Sections, name: string, key: string, values: readonly string[]): Sections => {
  const before = sectionOf(sections, name)[key];
  return set(sections, name, key, [...(Array.isArray(before) ? before : []), ...values]);
};
