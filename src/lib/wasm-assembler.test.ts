import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  add,
  add64,
  all,
  bits16,
  bytes16,
  choose,
  equal16,
  giveWhen,
  int,
  isZero,
  less,
  load128,
  load64,
  long,
  low32,
  makeMemory,
  multiply64,
  repeat,
  store32,
  subtract,
  WasmModule,
  when,
} from './wasm-assembler.ts'

type Run = (...operands: number[]) => number

describe('the assembler', () => {
  it('makes functions with loops, conditions and calls', () => {
    const module = new WasmModule()
    const sum = module.define(1, (f, to) => {
      const total = f.local('i32')
      return all(
        giveWhen(isZero(to.get), int(0)),
        repeat(all(total.set(add(total.get, to.get)), to.set(subtract(to.get, int(1)))), to.get),
        total.get,
      )
    })
    module.define(2, (_, a, b) => add(sum.call(a.get), choose(less(a.get, b.get), int(1000), int(0))), 'run')
    const run = module.run(makeMemory(1))['run'] as Run
    assert.equal(run(10, 5), 55)
    assert.equal(run(0, 5), 1000)
  })

  it('writes constants of any size and sign', () => {
    for (const value of [0, 1, 63, 64, -1, -64, -65, 127, 128, 8191, 8192, 2 ** 31 - 1, -(2 ** 31)]) {
      const module = new WasmModule()
      module.define(0, () => int(value), 'int')
      module.define(0, () => low32(add64(long(BigInt(value) - 2n ** 63n), long(2n ** 63n))), 'long')
      const exports = module.run(makeMemory(1))
      assert.equal((exports['int'] as Run)(), value)
      assert.equal((exports['long'] as Run)(), value)
    }
  })

  it('reads and writes the given memory', () => {
    const memory = makeMemory(100_000)
    const module = new WasmModule()
    module.define(
      2,
      (f, at) => {
        const found = f.local('i32')
        return all(
          found.set(bits16(equal16(load128(at.get, 70_000), bytes16(0x3b)))),
          when(found.get, store32(int(0), 8, found.get)),
          low32(multiply64(load64(at.get, 70_000), long(1n))),
        )
      },
      'look',
    )
    const look = module.run(memory)['look'] as Run
    Buffer.from(memory.buffer).write('ab;d;fghijklmno;', 70_001, 'latin1')
    assert.equal(look(1), 0x643b6261)
    assert.equal(new Int32Array(memory.buffer)[2], 0b1000_0000_0001_0100)
    assert.equal(memory.buffer.byteLength, 131_072)
  })

  it('is refused by the engine when the code is not valid', () => {
    const module = new WasmModule()
    module.define(0, () => add(int(1), long(1n)), 'run')
    assert.throws(() => module.run(makeMemory(1)), { name: 'CompileError' })
  })
})
