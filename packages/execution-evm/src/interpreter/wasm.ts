/** Of the WebAssembly API, what is used here: its types come with those of browsers only. */
declare const WebAssembly: { Module: new (bytes: Uint8Array) => object; Instance: new (module: object) => { exports: unknown } }

/** Compiles a module that scripts/wasm.ts has written. */
export const compile = (base64: string): object => new WebAssembly.Module(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)))

/** The exports of a new instance, with a memory of its own. */
export const instantiate = <exports>(module: object): exports => new WebAssembly.Instance(module).exports as exports
