/** Cuts IPv6 sources to the prefix by which they are counted; IPv4 sources stay whole. */
import { maskAddress } from '../lib/address.ts'
import { ADDRESS_SLOT, ADDRESS_STRIDE } from '../model/record-batch.ts'

/** Four words to AND with. */
export type AddressMask = Uint32Array

export function maskOf(prefixLength: number): AddressMask {
  return Uint32Array.from(maskAddress([0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff], prefixLength))
}

/** The prefix length that a mask stands for. */
export function prefixOf(mask: AddressMask): number {
  return mask.reduce((bits, word) => bits + Math.clz32(~word >>> 0), 0)
}

/** Copies the source of a row, masked if it is IPv6, to `into[at, at + 4)`. */
export function copyMaskedSource(
  addresses: Uint32Array,
  row: number,
  mask: AddressMask,
  into: Uint32Array,
  at: number,
): void {
  const from = row * ADDRESS_STRIDE + ADDRESS_SLOT.sourceAddress
  const isV4 = addresses[from] === 0 && addresses[from + 1] === 0 && addresses[from + 2] === 0xffff
  for (let k = 0; k < 4; k++) {
    const word = addresses[from + k] as number
    into[at + k] = isV4 ? word : word & (mask[k] as number)
  }
}
