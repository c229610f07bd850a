/**
 * The directory of `--rootfs`, for plugins that run before this one.
 * @module
 */

/** As the user has written it; undefined where the sandbox has a root of its own. */
export const rootDirectory = (sections: Readonly<Record<string, unknown>>): string | undefined => {
  const { directory } = (sections.rootfs ?? {}) as { readonly directory?: unknown };
  return typeof directory === "string" ? directory : undefined;
};
