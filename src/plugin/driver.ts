/**
 * Runs the plugins: each stage in their order, each hook by its kind (define.ts), everything timed.
 * @module
 */
import invariant from "tiny-invariant";
import { hookFailed } from "../errors/plugin.ts";
import { BunkerError } from "../errors.ts";
import type { NamespaceName } from "../linux/namespace.ts";
import type { Contribution, Identity } from "../plan/contribution.ts";
import type { From, Plan } from "../plan/plan.ts";
import { type Configs, checkSection, checkSections, type Sections } from "./config.ts";
import type { PlanContext, Plugin } from "./define.ts";
import { combineErrors, type Disposal } from "./disposal.ts";
import type { Child, HookContext, SandboxResult } from "./hooks.ts";
import type { Host } from "./host.ts";
import { orderPlugins } from "./registry.ts";
import { Timings } from "./timings.ts";

/** The hooks that need a supervisor, in the order of a sandbox's life. */
export const HOOKS = ["prepare", "created", "started", "exited"] as const;

export interface Pipeline {
  /** In the order in which they run. */
  readonly plugins: readonly Plugin[];
  readonly timings: Timings;
}

/** @throws BunkerError when the plugins cannot be ordered */
export const createPipeline = (plugins: readonly Plugin[]): Pipeline => ({
  plugins: orderPlugins(plugins),
  timings: new Timings(),
});

/** Checks every section and types it. A plugin without a section gets its defaults. */
export const configurePipeline = async (pipeline: Pipeline, sections: Sections): Promise<Configs> => {
  checkSections(sections, pipeline.plugins);
  const configs: Record<string, unknown> = {};
  for (const plugin of pipeline.plugins) configs[plugin.name] = await checkSection(plugin, sections[plugin.name]);
  return configs;
};

/** `resolve`: async serial. */
export const resolvePipeline = async (pipeline: Pipeline, configs: Configs, host: Host): Promise<Configs> => {
  const resolved: Record<string, unknown> = { ...configs };
  for (const plugin of pipeline.plugins) {
    if (plugin.resolve === undefined) continue;
    const answer = run(pipeline, plugin, "resolve", () => plugin.resolve?.(configs[plugin.name], host, configs));
    resolved[plugin.name] = answer instanceof Promise ? await answer : answer;
  }
  return resolved;
};

export interface Planned {
  readonly contributions: readonly From<Contribution>[];
  readonly supervisedBy: Plan["supervisedBy"];
}

/** `plan`: sync serial. Each plugin sees what the ones before it, and itself, have yielded so far. */
export const planPipeline = (
  pipeline: Pipeline,
  configs: Configs,
  { command, terminal }: Pick<PlanContext, "command" | "terminal">,
): Planned => {
  const contributions: From<Contribution>[] = [];
  const context = planContext(contributions, command, terminal);
  for (const plugin of pipeline.plugins) {
    if (plugin.plan === undefined) continue;
    run(pipeline, plugin, "plan", () => {
      for (const one of plugin.plan?.(configs[plugin.name], context) ?? [])
        contributions.push({ ...one, plugin: plugin.name });
    });
  }
  return { contributions, supervisedBy: supervisedBy(pipeline.plugins) };
};

/** The hooks that each plugin has. */
export const hooksOf = (plugin: Plugin): readonly string[] => HOOKS.filter((hook) => plugin[hook] !== undefined);

/** Plugins that have work to do from outside while the sandbox lives. */
export const supervisedBy = (plugins: readonly Plugin[]): Plan["supervisedBy"] =>
  plugins.map((plugin) => ({ plugin: plugin.name, hooks: hooksOf(plugin) })).filter(({ hooks }) => hooks.length > 0);

/** What the hooks of one sandbox work with. */
export interface Supervision {
  readonly pipeline: Pipeline;
  readonly configs: Configs;
  readonly disposal: Disposal;
}

/** `prepare`: async serial, before clone(2). */
export const runPrepare = (supervision: Supervision): Promise<void> =>
  serially(supervision, "prepare", (plugin, context) => plugin.prepare?.(context));

/** `created`: async serial, while the launcher waits. */
export const runCreated = (supervision: Supervision, child: Child): Promise<void> =>
  serially(supervision, "created", (plugin, context) => plugin.created?.(child, context));

/** `started`: async parallel. */
export const runStarted = (supervision: Supervision, child: Child): Promise<void> =>
  inParallel(supervision, "started", (plugin, context) => plugin.started?.(child, context));

/** `exited`: async parallel. */
export const runExited = (supervision: Supervision, child: Child, result: SandboxResult): Promise<void> =>
  inParallel(supervision, "exited", (plugin, context) => plugin.exited?.(child, result, context));

// --- internal ---

type HookName = (typeof HOOKS)[number];
type Call = (plugin: Plugin, context: HookContext<unknown>) => void | Promise<void>;

const serially = async (supervision: Supervision, hook: HookName, call: Call): Promise<void> => {
  for (const plugin of withHook(supervision, hook)) await runHook(supervision, hook, plugin, call);
};

/** All are waited for, also where one fails: none runs on unseen. */
const inParallel = async (supervision: Supervision, hook: HookName, call: Call): Promise<void> => {
  const running = withHook(supervision, hook).map(async (plugin) => runHook(supervision, hook, plugin, call));
  const errors = (await Promise.allSettled(running)).flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
  if (errors.length > 0) throw combineErrors(errors);
};

const withHook = ({ pipeline }: Supervision, hook: HookName): readonly Plugin[] =>
  pipeline.plugins.filter((plugin) => plugin[hook] !== undefined);

const runHook = (
  { pipeline, configs, disposal }: Supervision,
  hook: HookName,
  plugin: Plugin,
  call: Call,
): void | Promise<void> => {
  const context: HookContext<unknown> = {
    config: configs[plugin.name],
    defer: (what, release) => disposal.defer(`${plugin.name}: ${what}`, release),
  };
  return run(pipeline, plugin, hook, () => call(plugin, context));
};

/** Times the work. Errors that are not ours get the plugin's and the hook's name. */
const run = <T>({ timings }: Pipeline, { name }: Plugin, stage: string, work: () => T): T => {
  const named = (error: unknown): unknown => (error instanceof BunkerError ? error : hookFailed(name, stage, error));
  try {
    const result = timings.measure(stage, work, name);
    if (!(result instanceof Promise)) return result;
    return result.catch((error: unknown) => {
      throw named(error);
    }) as T;
  } catch (error) {
    throw named(error);
  }
};

const planContext = (
  contributions: readonly From<Contribution>[],
  command: readonly string[],
  terminal: boolean,
): PlanContext => ({
  command,
  terminal,
  has: (name: NamespaceName) => contributions.some((one) => one.kind === "namespace" && one.name === name),
  get identity(): Identity {
    const found = contributions.find((one) => one.kind === "identity");
    invariant(found, "a plugin that yields the identity runs before the ones that read it: say `after`");
    return found.identity;
  },
});
