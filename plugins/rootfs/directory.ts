/**
 * The directory of `--rootfs`, for plugins that run before this one.
 * @module
 */
import type { ResolveContext } from "../../src/api.ts";

/** As the user has written it; undefined where the sandbox has a root of its own. */
export const rootDirectory = (ctx: ResolveContext): string | undefined => {
  const section = ctx.section("rootfs");
  const directory = typeof section === "object" && section !== null && "directory" in section && section.directory;
  return typeof directory === "string" ? directory : undefined;
};
