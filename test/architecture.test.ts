import { describe, expect, test } from "bun:test";
import { dirname, join, normalize } from "node:path";
import { Glob, Transpiler } from "bun";

const ROOT = join(import.meta.dir, "..");

/** Everything below the front-ends that `cli` may use. */
const CORE = ["linux", "ir", "launcher", "codegen", "seccomp", "plan", "plugin", "launch", "errors", "sandbox", "log"];

/**
 * The picture of ARCHITECTURE.md, "Layers": what each layer may import beside itself. A file directly in src/ is a layer of its
 * own; `errors` is src/errors.ts and src/errors/.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  linux: [],
  errors: ["linux"],
  ir: ["linux"],
  launcher: ["ir", "linux"],
  codegen: ["ir", "linux"],
  seccomp: ["linux", "errors"],
  plan: ["launcher", "ir", "linux", "errors"],
  plugin: ["plan", "ir", "linux", "errors"],
  launch: ["launcher", "plan", "plugin", "ir", "linux", "errors"],
  api: ["ir", "linux", "seccomp", "plan", "plugin", "errors"],
  log: [],
  sandbox: ["launch", "codegen", "plugin", "plan", "ir", "linux", "errors"],
  cli: [...CORE, "plugins"],
  main: ["cli", "launch", "errors", "log"],
  plugins: ["api"],
};

/** Single imports against the arrows, each with its reason. */
const EXCEPTIONS: ReadonlySet<string> = new Set([
  // Hands the API to plugin files: `import … from "bunker"`.
  "src/plugin/loader.ts → src/api.ts",
  // The version.
  "src/cli/index.ts → package.json",
]);

/** Modules from outside, beside those of Bun and Node. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  ir: ["tiny-invariant"],
  codegen: ["tiny-invariant"],
  seccomp: ["tiny-invariant"],
  plan: ["tiny-invariant"],
  plugin: ["tiny-invariant"],
  log: ["consola"],
  cli: ["citty", "valibot", "@valibot/to-json-schema"],
  plugins: ["valibot"],
};

/** Bun's and Node's own modules are effects, or a step towards one. */
const WITH_RUNTIME_MODULES: readonly string[] = ["launch", "plugin", "cli"];

interface Import {
  readonly file: string;
  readonly layer: string;
  /** A path from the root of the project, or the name of a module. */
  readonly target: string;
  readonly relative: boolean;
}

const layerOf = (path: string): string => {
  const [top = "", next = ""] = path.split("/");
  return top === "src" ? next.replace(/\.ts$/, "") : top;
};

/** Types too: the transpiler's own scan leaves them out. */
const TYPES = /^\s*(?:import|export)\s+type\s[^;]*?from\s+"([^"]+)"/gm;

const importsOf = async (file: string): Promise<readonly Import[]> => {
  const source = await Bun.file(join(ROOT, file)).text();
  const scanned = new Transpiler({ loader: "ts" }).scanImports(source).map(({ path }) => path);
  const named = [...source.matchAll(/^(?:import|export|\})[^;"'`]*?from\s+"([^"]+)"/gm)].map(([, path = ""]) => path);
  const types = [...source.matchAll(TYPES)].map(([, path = ""]) => path);
  return [...new Set([...scanned, ...named, ...types])].map((path) => {
    const relative = path.startsWith(".");
    return { file, layer: layerOf(file), target: relative ? normalize(join(dirname(file), path)) : path, relative };
  });
};

const files = [...new Glob("{src,plugins}/**/*.ts").scanSync(ROOT)].sort();
const imports = (await Promise.all(files.map(importsOf))).flat();
const show = ({ file, target }: Import): string => `${file} → ${target}`;

const packageOf = (module: string): string =>
  module
    .split("/")
    .slice(0, module.startsWith("@") ? 2 : 1)
    .join("/");

const isRuntimeModule = (module: string): boolean => module === "bun" || /^(bun|node):/.test(module);

describe("layers", () => {
  test("are all described", () => {
    expect([...new Set(files.map(layerOf))].sort()).toEqual(Object.keys(MAY_IMPORT).sort());
  });

  test("have no circle", () => {
    const below = (layer: string, above: readonly string[]): readonly string[] =>
      above.includes(layer)
        ? [[...above, layer].join(" → ")]
        : (MAY_IMPORT[layer] ?? []).flatMap((next) => below(next, [...above, layer]));
    expect(Object.keys(MAY_IMPORT).flatMap((layer) => below(layer, []))).toEqual([]);
  });

  test.each(Object.keys(MAY_IMPORT))("%s imports only what it may", (layer) => {
    const allowed = [layer, ...(MAY_IMPORT[layer] ?? [])];
    const wrong = imports.filter(
      (one) =>
        one.relative && one.layer === layer && !allowed.includes(layerOf(one.target)) && !EXCEPTIONS.has(show(one)),
    );
    expect(wrong.map(show)).toEqual([]);
  });

  test("name no exception that is none", () => {
    const found = new Set(imports.map(show));
    expect([...EXCEPTIONS].filter((exception) => !found.has(exception))).toEqual([]);
  });
});

describe("modules from outside", () => {
  test("are imported where they are expected", () => {
    const wrong = imports.filter(
      ({ layer, target, relative }) =>
        !relative && !isRuntimeModule(target) && !PACKAGES[layer]?.includes(packageOf(target)),
    );
    expect(wrong.map(show)).toEqual([]);
  });

  test("Bun's and Node's are used only where effects are", () => {
    const wrong = imports.filter(
      ({ layer, target, relative }) => !relative && isRuntimeModule(target) && !WITH_RUNTIME_MODULES.includes(layer),
    );
    expect(wrong.map(show)).toEqual([]);
  });
});

describe("plugins", () => {
  test("see Bunker only through the front door that everybody's plugins have", () => {
    const wrong = imports.filter(
      ({ layer, target, relative }) =>
        layer === "plugins" &&
        (relative ? layerOf(target) !== "plugins" && target !== "src/api.ts" : target !== "valibot"),
    );
    expect(wrong.map(show)).toEqual([]);
  });

  test("are known by name to the front-ends only, through their index", () => {
    const users = imports.filter(({ file, target }) => file.startsWith("src/") && target.startsWith("plugins/"));
    expect([...new Set(users.map(({ target }) => target))]).toEqual(["plugins/index.ts"]);
    expect(users.filter(({ layer }) => layer !== "cli").map(show)).toEqual([]);
  });
});

test("the two backends have the same files", () => {
  const filesOf = (arch: string): readonly string[] =>
    files.filter((file) => file.startsWith(`src/codegen/${arch}/`)).map((file) => file.replace(`/${arch}/`, "/"));
  expect(filesOf("x64")).toEqual(filesOf("arm64"));
});
