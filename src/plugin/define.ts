/**
 * How a plugin is declared.
 *
 * A plugin is a plain object. Built-in and third-party plugins are the same thing and see the same API.
 * @module
 */

import type { NamespaceName } from "../linux/namespace.ts";
import type { Contribution, Identity } from "../plan/contribution.ts";
import type { Child, HookContext, SandboxResult } from "./hooks.ts";
import type { Host } from "./host.ts";
import type { StandardSchemaV1 } from "./schema.ts";

/** A command-line flag, and what it does to the plugin's section of the config. */
export interface Flag<Config> {
  /** One letter: `v` for `-v`. */
  readonly short?: string;
  /** What the value is called in help: `SRC:DST[:ro|rw]`. A flag without one is a switch. */
  readonly value?: string;
  /** One line, for help. */
  readonly summary: string;
  /**
   * Returns the section with this flag applied. Called once for each time the flag is given, in order, with the text after it
   * (`"true"` for a switch). Throw {@link UsageError} through `ctx.refuse` for a value that is not allowed.
   */
  apply(section: Partial<Config>, value: string, ctx: FlagContext): Partial<Config>;
}

export interface FlagContext {
  /** The flag as the user wrote it: `--volume`. */
  readonly flag: string;
  /** The directory that relative paths start from. */
  readonly cwd: string;
  /** Throws the one error for a bad value: names the flag, the value and what is allowed. */
  refuse(value: string, allowed: string): never;
}

/** What `plan` may look at beside its own config. */
export interface PlanContext {
  /** The payload's argv. */
  readonly command: readonly string[];
  /** Whether an earlier plugin asked for this namespace. */
  has(namespace: NamespaceName): boolean;
  /** The identity that an earlier plugin decided on. @throws when none did yet */
  readonly identity: Identity;
  /** Whether standard input is a terminal. */
  readonly terminal: boolean;
}

export interface Plugin<Config = unknown> {
  /** Lower-case words with dashes; also the name of its section in the config file. */
  readonly name: string;
  /** One line: what it gives the sandbox. */
  readonly summary: string;
  /** Plugins that this one runs after, or before, where they are there. */
  readonly after?: readonly string[];
  readonly before?: readonly string[];

  /** Checks and types the plugin's section. Unknown keys must be refused. */
  readonly config?: StandardSchemaV1<unknown, Config>;
  readonly flags?: Readonly<Record<string, Flag<Config>>>;

  /**
   * Fills defaults from the host; may refuse. The only place that looks at the host before the plan. `sections` are those of all plugins,
   * checked: for what depends on another one's.
   * @kind async serial · @runs supervisor · @when after the config is checked, before any `plan`
   */
  resolve?(config: Config, host: Host, sections: Readonly<Record<string, unknown>>): Config | Promise<Config>;
  /**
   * Describes the sandbox. Pure: the same config gives the same contributions.
   * @kind sync serial · @runs supervisor · @when after every `resolve`
   */
  plan?(config: Config, ctx: PlanContext): Iterable<Contribution>;
  /**
   * Makes what must be on the host before the sandbox is: directories, a cgroup, a bridge.
   * @kind async serial · @runs supervisor · @when before clone(2)
   */
  prepare?(ctx: HookContext<Config>): void | Promise<void>;
  /**
   * Works on the namespaces from outside: moves a network device in, joins a cgroup.
   * @kind async serial · @runs supervisor · @when after clone(2), while the launcher waits
   */
  created?(child: Child, ctx: HookContext<Config>): void | Promise<void>;
  /**
   * @kind async parallel · @runs supervisor · @when the payload has been executed
   */
  started?(child: Child, ctx: HookContext<Config>): void | Promise<void>;
  /**
   * @kind async parallel · @runs supervisor · @when the payload's status is known and its processes are gone
   */
  exited?(child: Child, result: SandboxResult, ctx: HookContext<Config>): void | Promise<void>;
}

/**
 * Declares a plugin.
 *
 * @example
 * ```ts
 * import { definePlugin, environment } from "bunker";
 *
 * export default definePlugin({
 *   name: "greeting",
 *   summary: "Puts a greeting into the environment",
 *   *plan() {
 *     yield environment("GREETING", "hello");
 *   },
 * });
 * ```
 */
export const definePlugin = <Config>(plugin: Plugin<Config>): Plugin<Config> => plugin;
