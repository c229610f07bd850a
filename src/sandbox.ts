/**
 * One sandbox, from its description to its end: resolve, plan, lower, assemble, launch, supervise, dispose.
 * @module
 */
import { assemble } from "./codegen/image.ts";
import { forRunOnly, needsSupervisor } from "./errors/plugin.ts";
import { nothingOverlaid } from "./errors/usage.ts";
import type { Program } from "./ir/program.ts";
import type { Overlaid } from "./launch/changes.ts";
import { runPrepared } from "./launch/foreground.ts";
import { createHost, isTerminal } from "./launch/host.ts";
import { traceHost } from "./launch/host-trace.ts";
import { type IdClaim, launch } from "./launch/launch.ts";
import { arch } from "./launch/libc.ts";
import { callerNofile } from "./launch/limits.ts";
import { Memo } from "./launch/memo.ts";
import type { Prepared } from "./launch/prepared.ts";
import { startRelay } from "./launch/relay.ts";
import { endSandbox, forwardSignals, supervise } from "./launch/supervise.ts";
import { watchOverlays } from "./launch/written.ts";
import { NAMESPACES } from "./linux/namespace.ts";
import type { Kernel } from "./plan/explain.ts";
import { isMappedByRoot } from "./plan/lower/identity.ts";
import { inheritsSources, lowerForLaunch, needsRelease } from "./plan/lower/launch.ts";
import { overlaysOf } from "./plan/lower/overlay.ts";
import { sourcesOf } from "./plan/lower/sources.ts";
import { terminalMode } from "./plan/lower/terminal.ts";
import { mergePlan } from "./plan/merge.ts";
import type { Plan } from "./plan/plan.ts";
import type { Configs, Sections } from "./plugin/config.ts";
import type { Plugin } from "./plugin/define.ts";
import { Disposal } from "./plugin/disposal.ts";
import {
  configurePipeline,
  createPipeline,
  type Pipeline,
  planPipeline,
  resolvePipeline,
  runCreated,
  runExited,
  runPrepare,
  runStarted,
  type Supervision,
} from "./plugin/driver.ts";
import type { SandboxResult } from "./plugin/hooks.ts";
import type { Host } from "./plugin/host.ts";
import type { Timings } from "./plugin/timings.ts";

export interface SandboxConfig {
  /** Sections of the plugins, by their names. */
  readonly sections: Sections;
  readonly command: readonly string[];
  readonly plugins: readonly Plugin[];
}

export interface Planned {
  readonly plan: Plan;
  readonly pipeline: Pipeline;
  readonly configs: Configs;
  readonly host: Host;
}

/** Config → plan. Looks at the host, changes nothing. @throws BunkerError */
export const planSandbox = async (config: SandboxConfig, host: Host = createHost()): Promise<Planned> => {
  const pipeline = createPipeline(config.plugins);
  const { timings } = pipeline;
  const checked = await timings.measure("configure", () => configurePipeline(pipeline, config.sections));
  const configs = await timings.measure("resolve", () => resolvePipeline(pipeline, checked, host));
  const planned = timings.measure("plan", () =>
    planPipeline(pipeline, configs, { command: config.command, terminal: isTerminal(0) }),
  );
  const plan = timings.measure("merge", () => mergePlan({ command: config.command, ...planned }));
  return { plan, pipeline, configs, host };
};

const lowerHere = (plan: Plan, host: Host, tellWritten = false): Program =>
  lowerForLaunch(plan, { kind: "launch", caller: host, terminal: isTerminal(0), nofile: callerNofile(), tellWritten });

/** Plan and program, with nothing done, and what the kernel makes of them. */
export const explainSandbox = async (
  config: SandboxConfig,
): Promise<Planned & { readonly program: Program; readonly kernel: Kernel }> => {
  const planned = await planSandbox(config);
  const { askLandlockAbi } = await import("./launch/landlock.ts");
  const kernel = { landlockAbi: askLandlockAbi() };
  return { ...planned, program: lowerHere(planned.plan, planned.host), kernel };
};

/** CLONE_NEW* bits; the time namespace is entered by the launcher itself. */
const namespaceBits = (plan: Plan): number =>
  plan.namespaces.filter(({ name }) => name !== "time").reduce((bits, { name }) => bits | NAMESPACES[name].flag, 0);

const ownIds = ({ identity }: Plan): { readonly uid: number; readonly gid: number } | undefined =>
  identity.outside === "own" && identity.uid !== "caller" && identity.gid !== "caller"
    ? { uid: identity.uid, gid: identity.gid }
    : undefined;

/** Where maps are written once the sandbox is there: a range that is looked for then, or known ids. */
const mapsOf = ({ identity: { outside, maps } }: Plan): Prepared["maps"] => (outside === "range" ? "range" : maps);

interface Lowered {
  readonly program: Program;
  readonly prepared: Prepared;
}

/** Plan → what a launch needs, and the program to explain a failure by. */
const prepare = ({ plan, host, pipeline: { timings } }: Planned, tellsWritten = false): Lowered => {
  const program = timings.measure("lower", () => lowerHere(plan, host, tellsWritten));
  const image = timings.measure("assemble", () => assemble(program, arch));
  const prepared: Prepared = {
    image,
    namespaces: namespaceBits(plan),
    sources: inheritsSources(plan) ? sourcesOf(plan) : [],
    secrets: plan.secrets,
    tellsWritten,
    ownIds: ownIds(plan),
    maps: mapsOf(plan),
    oomScore: isMappedByRoot(plan.identity) ? plan.oomScore.atLeast : 0,
    ambient: plan.identity.outside !== "host",
    waits: needsRelease(plan),
    relays: plan.stdio.streams === "relay",
    terminal: terminalMode(plan, isTerminal(0)),
    init: plan.init.enabled,
  };
  return { program, prepared };
};

/** Few sandboxes need it: the code for it stays unread. */
const claimFor = async ({ plan, host }: Planned, { maps }: Prepared): Promise<IdClaim | undefined> =>
  maps && (await import("./launch/id-claim.ts")).claimIds(maps, plan.identity, host);

/** The words for failures are read when there is one. */
const wordsForFailures = () => import("./launch/failure.ts");

const withCallErrors = async <T>(host: Host, work: () => T): Promise<T> => {
  try {
    return work();
  } catch (error) {
    throw (await wordsForFailures()).explainCallError(error, host);
  }
};

/** Returns only by an error: where the payload runs, this process is its monitor. */
const runSelfContained = async (
  planned: Planned,
  { program, prepared }: Lowered,
  onStarted: () => void,
): Promise<never> => {
  const startMs = performance.now();
  const started = (): void => {
    planned.pipeline.timings.since("launch", startMs);
    onStarted();
  };
  const claim = await claimFor(planned, prepared);
  const outcome = await withCallErrors(planned.host, () => runPrepared(prepared, started, claim));
  const { explainFailure, launcherDied } = await wordsForFailures();
  if (outcome.kind === "died") throw launcherDied(outcome.signal);
  throw explainFailure({ ...planned, program }, outcome.op, outcome.errno);
};

/** The same with hooks: this process stays. */
const runSupervised = async (
  planned: Planned,
  { program, prepared }: Lowered,
  onWritten?: RunOptions["onWritten"],
): Promise<SandboxResult> => {
  const disposal = new Disposal();
  const supervision: Supervision = { ...planned, disposal };
  return disposal.around(async () => {
    await runPrepare(supervision);
    const watch = onWritten && (await withCallErrors(planned.host, () => watchOverlays(overlaysOf(planned.plan))));
    if (watch) disposal.defer("overlays", () => watch[Symbol.dispose]());
    const { explainFailure } = await wordsForFailures();
    const claim = await claimFor(planned, prepared);
    const launched = await withCallErrors(planned.host, () =>
      planned.pipeline.timings.measure("launch", () => launch(prepared, claim)),
    );
    let ended = false;
    disposal.defer("sandbox", () => {
      if (!ended) endSandbox(launched);
      launched[Symbol.dispose]();
    });
    using _signals = forwardSignals(launched.pid, { terminal: !prepared.relays && isTerminal(0) });
    const child = { pid: launched.pid, pidfd: launched.pidfd.number };
    await runCreated(supervision, child);
    launched.release();
    const relay = startRelay(launched);
    disposal.defer("streams", () => relay?.end());
    const result = await supervise(launched, {
      failed: (op, errno) => explainFailure({ ...planned, program }, op, errno),
      started: () => runStarted(supervision, child),
      stopping: () => relay?.pause(),
      ended: () => {
        ended = true;
      },
    });
    relay?.end();
    await runExited(supervision, child, result);
    if (watch && launched.written) onWritten?.(watch.receive(launched.written));
    return result;
  });
};

export interface RunOptions {
  /** Called once with what was measured: when the payload runs, or with hooks when all is over. */
  readonly onTimings?: (timings: Timings, plan: Plan) => void;
  /** Called with a sandbox that may be kept, once its payload runs: no supervisor is needed, and nothing is for this run alone. */
  readonly onKeepable?: (prepared: Prepared) => void;
  /**
   * Called when all is over with what was written to each overlay and what is below it, which this process must stay for.
   * @throws BunkerError, before anything starts, where there is no overlay
   */
  readonly onWritten?: (overlays: readonly Overlaid[]) => void;
  readonly host?: Host;
}

/**
 * Runs a sandbox on this process's standard streams.
 * @returns the payload's exit status; a sandbox that nobody has to wait for does not come back, since the process is then its monitor
 * @throws BunkerError
 */
export const runForeground = async (config: SandboxConfig, options: RunOptions = {}): Promise<number> => {
  const planned = await planSandbox(config, options.host);
  const show = (): void => options.onTimings?.(planned.pipeline.timings, planned.plan);
  const { onWritten } = options;
  if (onWritten && overlaysOf(planned.plan).length === 0) throw nothingOverlaid();
  const lowered = prepare(planned, onWritten !== undefined);
  if (planned.plan.supervisedBy.length === 0 && onWritten === undefined) {
    return runSelfContained(planned, lowered, () => {
      if (planned.plan.runOnly.length === 0) options.onKeepable?.(lowered.prepared);
      show();
    });
  }
  const { exitCode } = await runSupervised(planned, lowered, onWritten);
  show();
  return exitCode;
};

/**
 * A sandbox as a static executable for this machine's architecture.
 * @throws BunkerError when plugins have work to do while it runs, or something of it is for `bunker run` alone
 */
export const compileSandbox = async (config: SandboxConfig): Promise<Uint8Array> => {
  const { plan } = await planSandbox(config);
  if (plan.supervisedBy.length > 0) throw needsSupervisor(plan.supervisedBy);
  if (plan.runOnly.length > 0) throw forRunOnly(plan.runOnly);
  // Not for a start: its code is read where it is used.
  const { lowerStandalone } = await import("./plan/lower/standalone.ts");
  return assemble(lowerStandalone(plan), arch);
};

const memo = new Memo<{ readonly planned: Planned; readonly lowered: Lowered }>();

/** Plugins are told apart by what they are, not by their names. */
const identities = new WeakMap<Plugin, number>();
let lastIdentity = 0;
const identityOf = (plugin: Plugin): number => {
  const identity = identities.get(plugin) ?? ++lastIdentity;
  identities.set(plugin, identity);
  return identity;
};

const planAndPrepare = async (config: SandboxConfig, reuse: boolean) => {
  const host = createHost();
  const { sections, command, plugins } = config;
  const about = [
    sections,
    command,
    plugins.map(identityOf),
    host.cwd,
    host.uid,
    host.gid,
    isTerminal(0),
    callerNofile(),
  ];
  const key = reuse ? JSON.stringify(about) : "";
  const kept = reuse ? memo.get(key, host) : undefined;
  if (kept) return kept;
  const trace = traceHost(host);
  const planned = await planSandbox(config, trace.host);
  const made = { planned, lowered: prepare(planned) };
  if (reuse) memo.set(key, trace, made);
  return made;
};

export interface RunSandboxOptions {
  /**
   * Uses the plan of the last time where config and host are the same. Only for plugins whose `resolve` and `plan` look at nothing
   * but what they are given: the built-in ones.
   */
  readonly reuse?: boolean;
}

/**
 * Runs a sandbox to its end and keeps this process, whatever its plugins do: for programs that start many.
 * @throws BunkerError
 */
export const runSandbox = async (
  config: SandboxConfig,
  { reuse = false }: RunSandboxOptions = {},
): Promise<SandboxResult> => {
  const { planned, lowered } = await planAndPrepare(config, reuse);
  return runSupervised(planned, lowered);
};
