/**
 * Writes WebAssembly modules from TypeScript, for loops over bytes that JavaScript cannot run 16 bytes at a time. Nothing
 * is compiled or downloaded: a piece of code is a list of bytes and of other pieces, and a function of this file puts
 * its operands in front of its own opcode, so that code reads as an expression: `add(at.get, int(16))`.
 *
 * Only what our kernels need (WebAssembly core specification 2.0, chapter 5, and its SIMD opcodes): 32-bit and 64-bit
 * integers, doubles, vectors of 16 bytes, one memory that is given, functions that take 32-bit integers and return one.
 * The engine validates a module when it is made, so a slip here is an error at the start and never a wild access.
 */

/** A piece of code: bytes and pieces. */
export type Code = readonly (number | Code)[]

/** Types of locals, by their code. */
const TYPES = { i32: 0x7f, i64: 0x7e, f64: 0x7c, v128: 0x7b } as const
export type Type = keyof typeof TYPES

const PAGE_BYTES = 65_536
const VOID = 0x40
/** `\0asm`, version 1. */
const HEADER = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]

/** What we use of the engine; the types of Node do not describe it. */
interface Engine {
  readonly Memory: new (size: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer }
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: Record<string, unknown> }
}
const engine = (globalThis as unknown as { WebAssembly: Engine }).WebAssembly

export type WasmMemory = InstanceType<Engine['Memory']>

/** Memory of a fixed size; its `buffer` never moves. Untouched pages cost nothing. */
export function makeMemory(bytes: number): WasmMemory {
  const pages = Math.ceil(bytes / PAGE_BYTES)
  return new engine.Memory({ initial: pages, maximum: pages })
}

function unsigned(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80)
    rest >>>= 7
  }
  bytes.push(rest)
  return bytes
}

function signed(value: bigint): number[] {
  const bytes: number[] = []
  for (let rest = value; ; rest >>= 7n) {
    const low = Number(rest & 0x7fn)
    const isLast = rest >> 6n === 0n || rest >> 6n === -1n
    bytes.push(isLast ? low : low | 0x80)
    if (isLast) return bytes
  }
}

/** A local variable or parameter of a function. */
export class Local {
  readonly get: Code
  readonly #index: number

  constructor(index: number) {
    this.#index = index
    this.get = [0x20, ...unsigned(index)]
  }

  set(value: Code): Code {
    return [value, 0x21, ...unsigned(this.#index)]
  }

  /** Sets it and leaves the value for what follows. */
  tee(value: Code): Code {
    return [value, 0x22, ...unsigned(this.#index)]
  }
}

/** Statements or operands one after the other. */
export const all = (...codes: readonly Code[]): Code => codes

export const int = (value: number): Code => [0x41, ...signed(BigInt(value | 0))]
/** Taken modulo 2^64. */
export const long = (value: bigint): Code => [0x42, ...signed(BigInt.asIntN(64, value))]
/** Sixteen times the same byte. */
export const bytes16 = (byte: number): Code => [...simd(0x0c), ...Array<number>(16).fill(byte)]

type Unary = (a: Code) => Code
type Binary = (a: Code, b: Code) => Code
const unary =
  (...opcode: number[]): Unary =>
  (a) => [a, ...opcode]
const binary =
  (...opcode: number[]): Binary =>
  (a, b) => [a, b, ...opcode]
function simd(code: number): number[] {
  return [0xfd, ...unsigned(code)]
}

// 32-bit integers; comparisons answer 0 or 1. Addresses and bytes are never negative here.
export const isZero = unary(0x45)
export const equal = binary(0x46)
export const unequal = binary(0x47)
export const less = binary(0x48)
export const greater = binary(0x4a)
export const atMost = binary(0x4c)
export const below = binary(0x49) // unsigned
export const above = binary(0x4b) // unsigned
export const lowestBit = unary(0x68)
export const bitCount = unary(0x69)
export const add = binary(0x6a)
export const subtract = binary(0x6b)
export const multiply = binary(0x6c)
export const and = binary(0x71)
export const or = binary(0x72)
export const xor = binary(0x73)
export const left = binary(0x74)
export const right = binary(0x76) // unsigned

// 64-bit integers
export const isZero64 = unary(0x50)
export const unequal64 = binary(0x52)
export const lowestBit64 = unary(0x7a)
export const bitCount64 = unary(0x7b)
export const add64 = binary(0x7c)
export const subtract64 = binary(0x7d)
export const multiply64 = binary(0x7e)
export const and64 = binary(0x83)
export const or64 = binary(0x84)
export const xor64 = binary(0x85)
export const left64 = binary(0x86)
export const right64 = binary(0x88) // unsigned
export const low32 = unary(0xa7)
export const widen = unary(0xad) // unsigned
export const doubleOf64 = unary(0xb9) // unsigned

// Vectors of 16 bytes
export const equal16 = binary(...simd(0x23))
export const below16 = binary(...simd(0x26)) // unsigned
export const subtract16 = binary(...simd(0x71))
export const and16 = binary(...simd(0x4e))
export const or16 = binary(...simd(0x50))
export const xor16 = binary(...simd(0x51))
export const isAny16 = unary(...simd(0x53))
/** A bit for each byte whose highest bit is set, the first byte lowest. */
export const bits16 = unary(...simd(0x64))

// Memory, little-endian and at any alignment: address and a constant distance in front; loads also reach back
const load =
  (...opcode: number[]) =>
  (address: Code, distance = 0): Code =>
    distance < 0
      ? [add(address, int(distance)), ...opcode, 0, 0]
      : [address, ...opcode, 0, ...unsigned(distance)]
const store =
  (...opcode: number[]) =>
  (address: Code, distance: number, value: Code): Code => [
    address,
    value,
    ...opcode,
    0,
    ...unsigned(distance),
  ]
export const load8 = load(0x2d)
export const load32 = load(0x28)
export const load64 = load(0x29)
export const load128 = load(...simd(0x00))
export const store32 = store(0x36)
export const storeDouble = store(0x39)

// Places of a byte
/** A bit for each of the 64 bytes from an address and a distance on that is this one, the first byte lowest. */
export function placesIn64(address: Code, distance: number, byte: number): Code {
  const places = (at: number): Code =>
    left64(widen(bits16(equal16(load128(address, distance + at), bytes16(byte)))), long(BigInt(at)))
  return or64(or64(places(0), places(16)), or64(places(32), places(48)))
}
/** Takes the lowest bit out of a 64-bit local. */
export const dropLowest64 = (bits: Local): Code => bits.set(and64(bits.get, subtract64(bits.get, long(1n))))

// Flow
export const when = (condition: Code, ...then: readonly Code[]): Code => [condition, 0x04, VOID, then, 0x0b]
/** `then` or `otherwise`, a 32-bit integer; both are worked out. */
export const choose = (condition: Code, then: Code, otherwise: Code): Code => [
  then,
  otherwise,
  condition,
  0x1b,
]
/** Runs the body, and again while the condition behind it holds. */
export const repeat = (body: Code, condition: Code): Code => [0x03, VOID, body, condition, 0x0d, 0, 0x0b]
export const give = (value: Code): Code => [value, 0x0f]
export const giveWhen = (condition: Code, value: Code): Code => when(condition, give(value))

/** A function in the making: its parameters, locals and code. */
export class WasmFunction {
  readonly index: number
  readonly parameters: number
  readonly locals: number[] = []
  code: Code = []

  constructor(index: number, parameters: number) {
    this.index = index
    this.parameters = parameters
  }

  /** A new local, 0 at first. */
  local(type: Type): Local {
    this.locals.push(TYPES[type])
    return new Local(this.parameters + this.locals.length - 1)
  }

  call(...operands: readonly Code[]): Code {
    return [operands, 0x10, ...unsigned(this.index)]
  }
}

/** A module that works on a given memory. */
export class WasmModule {
  readonly #functions: WasmFunction[] = []
  readonly #exports: [string, number][] = []

  /** Adds a function; `write` makes its code, whose last piece leaves the result. */
  define(
    parameters: number,
    write: (self: WasmFunction, ...parameters: Local[]) => Code,
    exportedAs?: string,
  ): WasmFunction {
    const made = new WasmFunction(this.#functions.length, parameters)
    this.#functions.push(made)
    if (exportedAs !== undefined) this.#exports.push([exportedAs, made.index])
    made.code = write(made, ...Array.from({ length: parameters }, (_, i) => new Local(i)))
    return made
  }

  /** Makes the module run. Throws the engine's CompileError where the code is not valid. Cost: about a millisecond. */
  run(memory: WasmMemory): Readonly<Record<string, unknown>> {
    const pages = memory.buffer.byteLength / PAGE_BYTES
    const imports = vector([[...name('in'), ...name('memory'), 2, 1, ...unsigned(pages), ...unsigned(pages)]])
    const counts = [...new Set(this.#functions.map(({ parameters }) => parameters))]
    const types = counts.map((count) => [0x60, ...vector(Array(count).fill([TYPES.i32])), 1, TYPES.i32])
    const bytes = [
      ...HEADER,
      ...section(1, vector(types)),
      ...section(2, imports),
      ...section(3, vector(this.#functions.map(({ parameters }) => unsigned(counts.indexOf(parameters))))),
      ...section(7, vector(this.#exports.map(([text, index]) => [...name(text), 0, ...unsigned(index)]))),
      ...section(10, vector(this.#functions.map(bodyOf))),
    ]
    const module = new engine.Module(Uint8Array.from(bytes))
    return new engine.Instance(module, { in: { memory } }).exports
  }
}

function bodyOf({ locals, code }: WasmFunction): number[] {
  const bytes = (code as readonly unknown[]).flat(Number.POSITIVE_INFINITY) as number[]
  const body = [...vector(locals.map((type) => [1, type])), ...bytes, 0x0b]
  return [...unsigned(body.length), ...body]
}

function vector(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()]
}

function name(text: string): number[] {
  return vector(Array.from(Buffer.from(text, 'utf8'), (byte) => [byte]))
}

function section(id: number, bytes: readonly number[]): number[] {
  return [id, ...unsigned(bytes.length), ...bytes]
}
