/**
 * Writes a small address database in MaxMind's format (MaxMind DB 2.0: search tree of 24-bit records, data section,
 * metadata), so that tests need none of anybody's. IPv4 networks lie under ::/96, as the format says.
 */
import { isV4, parseNetwork } from '../../lib/address.ts'

type Value = string | number | { readonly [key: string]: Value }

interface Entry {
  readonly network: string
  readonly data: Value
}

type Node = [Record, Record]
/** Null: nothing known. A number: offset in the data section. */
type Record = Node | number | null

const MARKER = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1')

export function writeMmdb(entries: readonly Entry[], type: string): Buffer {
  const root: Node = [null, null]
  const data: Buffer[] = []
  let offset = 0
  for (const { network, data: value } of entries) {
    const encoded = encode(value)
    insert(root, bitsOf(network), offset)
    data.push(encoded)
    offset += encoded.length
  }
  const nodes = flatten(root)
  const tree = Buffer.alloc(nodes.length * 6)
  nodes.forEach((node, i) => {
    node.forEach((record, side) => {
      const value =
        record === null
          ? nodes.length
          : typeof record === 'number'
            ? nodes.length + 16 + record
            : nodes.indexOf(record)
      tree.writeUIntBE(value, i * 6 + side * 3, 3)
    })
  })
  const metadata = encode({
    node_count: nodes.length,
    record_size: 24,
    ip_version: 6,
    database_type: type,
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1,
  })
  return Buffer.concat([tree, Buffer.alloc(16), ...data, MARKER, metadata])
}

function bitsOf(text: string): number[] {
  const network = parseNetwork(text)
  if (network === null) throw new TypeError(text)
  // The format keeps IPv4 at ::a.b.c.d, not at the mapped block.
  const words = isV4(network.words) ? [0, 0, 0, network.words[3]] : network.words
  return Array.from(
    { length: network.prefixLength },
    (_, i) => ((words[i >> 5] ?? 0) >>> (31 - (i & 31))) & 1,
  )
}

function insert(root: Node, bits: readonly number[], value: number): void {
  let node = root
  bits.forEach((bit, i) => {
    if (i === bits.length - 1) {
      node[bit as 0 | 1] = value
      return
    }
    const next = node[bit as 0 | 1]
    if (Array.isArray(next)) node = next
    else {
      const made: Node = [null, null]
      node[bit as 0 | 1] = made
      node = made
    }
  })
}

function flatten(root: Node): Node[] {
  const nodes: Node[] = [root]
  for (const node of nodes) for (const record of node) if (Array.isArray(record)) nodes.push(record)
  return nodes
}

/** Types 2 (UTF-8), 6 (unsigned 32-bit) and 7 (map), all the tests need. */
function encode(value: Value): Buffer {
  if (typeof value === 'string') {
    const text = Buffer.from(value, 'utf8')
    return Buffer.concat([control(2, text.length), text])
  }
  if (typeof value === 'number') {
    const number = Buffer.alloc(4)
    number.writeUInt32BE(value)
    return Buffer.concat([control(6, 4), number])
  }
  const pairs = Object.entries(value)
  return Buffer.concat([
    control(7, pairs.length),
    ...pairs.flatMap(([key, item]) => [encode(key), encode(item)]),
  ])
}

function control(type: number, size: number): Buffer {
  if (size > 28) return Buffer.from([(type << 5) | 29, size - 29])
  return Buffer.from([(type << 5) | size])
}
