/**
 * Errors of plugins: their files, their names, their order.
 * @module
 */
import { BunkerError } from "../errors.ts";
import { oneOf, printable, quoted } from "./text.ts";

export const pluginFileUnusable = (file: string, reason: string, hint?: string): BunkerError =>
  new BunkerError({
    code: "E_PLUGIN_FILE",
    message: `plugin file ${quoted(file)}: ${printable(reason)}`,
    hint,
    details: { file, reason },
  });

/** Loading its code threw. */
export const pluginFileFailed = (file: string, cause: unknown): BunkerError =>
  new BunkerError({
    code: "E_PLUGIN_LOAD",
    message: `plugin file ${quoted(file)} cannot be loaded: ${printable(cause instanceof Error ? cause.message : String(cause))}`,
    details: { file },
    cause,
  });

/** Its default export is something else. */
export const notAPlugin = (file: string, reason: string): BunkerError =>
  new BunkerError({
    code: "E_PLUGIN_EXPORT",
    message: `plugin file ${quoted(file)} is not a plugin: ${printable(reason)}`,
    hint: 'import { definePlugin } from "bunker"; export default definePlugin({ name, summary, … })',
    details: { file, reason },
  });

export const pluginNameInvalid = (name: string): BunkerError =>
  new BunkerError({
    code: "E_PLUGIN_NAME",
    message: `plugin name ${quoted(name)} is not allowed`,
    hint: "allowed: lower-case letters, digits, - and _, a letter first",
    details: { name },
  });

export const pluginTwice = (name: string): BunkerError =>
  new BunkerError({
    code: "E_PLUGIN_DUPLICATE",
    message: `there are two plugins named ${name}`,
    hint: "give one of them another name",
    details: { name },
  });

export const pluginCycle = (names: readonly string[]): BunkerError =>
  new BunkerError({
    code: "E_PLUGIN_CYCLE",
    message: `the order of plugins ${oneOf(names)} goes in a circle`,
    hint: "each of them wants to run after another one: look at their `after` and `before`",
    details: { plugins: names },
  });

export const flagDeclaredTwice = (flag: string, first: string, second: string): BunkerError =>
  new BunkerError({
    code: "E_FLAG_DUPLICATE",
    message: `plugins ${first} and ${second} both declare the flag ${flag}`,
    hint: "rename it in one of them",
    details: { flag, plugins: [first, second] },
  });

export const flagNameInvalid = (flag: string, plugin: string): BunkerError =>
  new BunkerError({
    code: "E_FLAG_NAME",
    message: `plugin ${plugin}: flag name ${quoted(flag)} is not allowed`,
    hint: "allowed: lower-case letters, digits and -, a letter first; the short form is one letter",
    details: { flag, plugin },
  });

/** `compile` was asked for a sandbox that needs hooks. */
export const needsSupervisor = (
  supervisedBy: readonly { readonly plugin: string; readonly hooks: readonly string[] }[],
): BunkerError =>
  new BunkerError({
    code: "E_NEEDS_SUPERVISOR",
    message: `cannot compile: ${supervisedBy.map(({ plugin, hooks }) => `${plugin} (${hooks.join(", ")})`).join(", ")} ${
      supervisedBy.length === 1 ? "has" : "have"
    } work to do outside while the sandbox lives`,
    hint: "a compiled sandbox has no supervisor: leave these plugins out, or use bunker run",
    details: { supervisedBy },
  });

/** `compile` was asked for a sandbox that is planned anew at each start. */
export const forRunOnly = (reasons: readonly { readonly plugin: string; readonly reason: string }[]): BunkerError =>
  new BunkerError({
    code: "E_RUN_ONLY",
    message: `cannot compile: ${reasons.map(({ plugin, reason }) => `${plugin}: ${printable(reason)}`).join("; ")}`,
    hint: "leave out what asks for it, or use bunker run",
    details: { reasons: reasons.map(({ plugin, reason }) => ({ plugin, reason })) },
  });

/** A hook threw something that is not one of ours. */
export const hookFailed = (plugin: string, hook: string, cause: unknown): BunkerError =>
  new BunkerError({
    code: "E_HOOK",
    message: `plugin ${plugin}: ${hook}: ${printable(cause instanceof Error ? cause.message : String(cause))}`,
    details: { plugin, hook },
    cause,
  });

export const releaseFailed = (what: string, cause: unknown): BunkerError =>
  new BunkerError({
    code: "E_DISPOSE",
    message: `cannot release ${printable(what)}: ${printable(cause instanceof Error ? cause.message : String(cause))}`,
    details: { what },
    cause,
  });
