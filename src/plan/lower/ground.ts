/**
 * Where the things of a plan are put, so that nobody can put something in the way.
 *
 * On a file system of our own nobody else can have put a link: plain relative paths are safe there, and cheap. Everywhere else (a
 * volume, a root directory, an overlay, and every mount of ours in one of them) somebody outside may exchange a directory for a link
 * between two of our calls. So the way to a target starts at the descriptor of the mount that it lies on, never at the root, and goes
 * on component by component, by descriptors, through openat2(2) with RESOLVE_IN_ROOT, RESOLVE_NO_SYMLINKS and RESOLVE_NO_MAGICLINKS:
 * a link fails the launch, and what is renamed takes the mount along. The old root is gone by then.
 * @module
 */
import { slot } from "../../ir/build.ts";
import type { Slot } from "../../ir/op.ts";
import type { Entry } from "../contribution.ts";
import { components, mountAbove } from "../merge.ts";
import type { Plan } from "../plan.ts";
import { mountOfFilesystem } from "./filesystem.ts";
import { sourceOfBind, sourceOfRoot } from "./sources.ts";

export type Ground =
  /** A tmpfs of ours, with nothing but such above. Paths are relative to the working directory, which is the root. */
  | { readonly kind: "own" }
  /** A mount, by its descriptor; `top` is where it is. */
  | { readonly kind: "mount"; readonly fd: Slot; readonly top: string };

const OWN: Ground = { kind: "own" };

type Places = Pick<Plan, "root" | "entries">;

export const groundOf = (plan: Places, target: string): Ground => {
  const above = mountAbove(plan.entries, target);
  if (above === undefined) return plan.root.type === "tmpfs" ? OWN : { kind: "mount", fd: sourceOfRoot, top: "/" };
  const isPlain = above.type === "tmpfs" && groundOf(plan, above.target).kind === "own";
  return isPlain ? OWN : { kind: "mount", fd: mountOf(above), top: above.target };
};

/** The descriptor of what an entry mounts. Of a tmpfs on own ground there is none, since none is needed. */
export const mountOf = (entry: Entry): Slot => {
  if (entry.type === "bind") return sourceOfBind(entry);
  if (entry.type === "filesystem") return mountOfFilesystem(entry);
  return slot(`${entry.type} ${entry.target}`);
};

/** The way from the top of a mount to a target on it. */
export const below = (top: string, target: string): readonly string[] =>
  components(target).slice(components(top).length);
