/**
 * IP address text to words without a string, by the same strict rules as `parseAddress` of lib/address.ts (a property
 * test holds the two together): four decimal parts without leading zeros, or RFC 4291 text without a zone. The result
 * goes into `out` at `at`: four words, most significant first, IPv4 as mapped.
 */

/** Cost: about 25 ns for IPv4. Returns false and leaves `out` as it was when the range is not an address. */
export function readAddress(
  bytes: Uint8Array,
  start: number,
  end: number,
  out: Uint32Array,
  at: number,
): boolean {
  const length = end - start
  if (length < 2 || length > 45) return false
  const v4 = length <= 15 ? readV4(bytes, start, end) : -1
  if (v4 >= 0) {
    out[at] = 0
    out[at + 1] = 0
    out[at + 2] = 0xffff
    out[at + 3] = v4
    return true
  }
  return readV6(bytes, start, end, out, at)
}

/** The 32-bit word as a number from 0 to 2^32 - 1, or -1. */
function readV4(bytes: Uint8Array, start: number, end: number): number {
  let high = 0 // first two parts
  let low = 0 // last two parts
  let part = -1
  let dots = 0
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number
    if (byte === 0x2e) {
      if (part < 0 || dots === 3) return -1
      if (dots < 2) high = (high << 8) | part
      else low = part << 8
      part = -1
      dots++
    } else {
      const digit = byte - 0x30
      if (digit < 0 || digit > 9 || part === 0) return -1
      part = part < 0 ? digit : part * 10 + digit
      if (part > 255) return -1
    }
  }
  if (dots !== 3 || part < 0) return -1
  return high * 65_536 + (low | part)
}

const groups = new Uint16Array(8)

function readV6(bytes: Uint8Array, start: number, end: number, out: Uint32Array, at: number): boolean {
  const total = readGroups(bytes, start, end)
  if (total < 0) return false
  for (let i = 0; i < 4; i++) {
    out[at + i] = (groups[i * 2] as number) * 65_536 + (groups[i * 2 + 1] as number)
  }
  return true
}

/** Fills `groups`; -1 when the text is not IPv6. */
function readGroups(bytes: Uint8Array, start: number, end: number): number {
  let count = 0
  let gap = -1
  let i = start
  if (bytes[i] === 0x3a) {
    if (bytes[i + 1] !== 0x3a) return -1
    gap = 0
    i += 2
  }
  while (i < end) {
    if (count === 8) return -1
    let value = 0
    let digits = 0
    const from = i
    for (; i < end; i++) {
      const digit = hexDigit(bytes[i] as number)
      if (digit < 0) break
      if (++digits > 4) return -1
      value = value * 16 + digit
    }
    if (i < end && bytes[i] === 0x2e) {
      const v4 = count <= 6 ? readV4(bytes, from, end) : -1
      if (v4 < 0) return -1
      groups[count++] = Math.floor(v4 / 65_536)
      groups[count++] = v4 % 65_536
      break
    }
    if (digits === 0) return -1
    groups[count++] = value
    if (i === end) break
    if (bytes[i] !== 0x3a) return -1
    i++
    if (i === end) return -1 // a single colon at the end
    if (bytes[i] === 0x3a) {
      if (gap >= 0) return -1
      gap = count
      i++
    }
  }
  return spread(count, gap)
}

/** Puts the groups behind the `::` where they belong. */
function spread(count: number, gap: number): number {
  if (gap < 0) return count === 8 ? count : -1
  if (count > 7) return -1
  const moved = count - gap
  for (let k = 1; k <= moved; k++) groups[8 - k] = groups[count - k] as number
  for (let k = gap; k < 8 - moved; k++) groups[k] = 0
  return 8
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

/**
 * Whether a range that is not an address at least tries to be one: masked or impossible (`xxx.xx.x.xx`, `10.2.75.414`,
 * `00.00.000.00`, `fe80::1%eth0`), so that the field is unknown and the rest of the line can be trusted. Anything else
 * in an address field means that fields have moved.
 */
export function looksLikeAddress(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > 64) return false
  let marks = 0
  let zone = false
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number
    if (byte === 0x2e || byte === 0x3a) marks++
    else if (byte === 0x25) zone = true
    else if (!zone && hexDigit(byte) < 0 && (byte | 0x20) !== 0x78 && byte !== 0x2a) return false
    else if (zone && (byte <= 0x20 || byte > 0x7e)) return false
  }
  return marks >= 2
}
