/**
 * What is mounted on `/`: a file system of the sandbox's own, or a directory of the user's.
 * @module
 */
import { type Entry, type Host, type Root, refuse } from "../../src/api.ts";
import { realSource } from "./sources.ts";

/** Names, links and a few small files: what is large is mounted. */
const ROOT_BYTES = 16 * 1_048_576;
const ROOT_INODES = 4096;

const unusable = (directory: string, hint: string): never =>
  refuse({ code: "E_ROOTFS", message: `${JSON.stringify(directory)} cannot be the root`, hint });

/** What is mounted over, whatever the user wants: a link there would lead the mount elsewhere, and is refused by the launcher too. */
const COVERED = ["proc", "dev", "sys"];

const checkRoot = (directory: string, source: string, host: Host): void => {
  if (host.nodeType(source) !== "directory" || source === "/")
    unusable(directory, "it must be a directory other than the host's own root");
  const wrong = COVERED.find(
    (name) => !["directory", "missing"].includes(host.nodeType(`${source}/${name}`, { follow: false })),
  );
  if (wrong !== undefined) unusable(directory, `its ${wrong} must be a directory, and no link to one`);
};

export const rootOf = (
  { directory, readOnly = false }: { readonly directory?: string | undefined; readonly readOnly?: boolean | undefined },
  host: Host,
): Root => {
  if (directory === undefined) return { type: "tmpfs", sizeBytes: ROOT_BYTES, inodes: ROOT_INODES };
  const source = realSource("the directory of --rootfs", directory, host);
  checkRoot(directory, source, host);
  return { type: "directory", source, readOnly };
};

/** Stands for a root directory while it is decided what lies on what. */
export const groundOf = (root: Root): readonly Entry[] =>
  root.type === "directory"
    ? [{ target: "/", type: "bind", source: root.source, node: "directory", readOnly: root.readOnly }]
    : [];
