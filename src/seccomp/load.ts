/**
 * The door to the compiler: its code is read when somebody comes through.
 * @module
 */
export const loadSeccompCompiler = (): Promise<typeof import("./compiler.ts")> => import("./compiler.ts");
