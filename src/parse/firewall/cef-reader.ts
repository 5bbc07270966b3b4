/** What the CEF formats share: header and pairs of the line in hand, and how a format knows its lines. */
import { FLAG } from '../../model/log-record.ts'
import { ascii } from '../bytes.ts'
import type { Line } from '../line.ts'
import { behindVersion, CefHeader, HEADER, hasCefPrefix, isVendor, isProduct } from './cef-header.ts'
import { type PairKeys, type Pairs, SEPARATOR } from './pair-scan.ts'

/** Vendors with a format of their own. */
export const VENDOR = {
  paloalto: ascii('palo alto networks'),
  fortinet: ascii('fortinet'),
  checkpoint: ascii('check point'),
} as const

/** The header of the line in hand; one serves all CEF formats. */
export const header = new CefHeader()

/** Products of Palo Alto Networks whose CEF tells of PAN-OS logs: the firewall's, and Strata's and Cortex's forwarder. */
const PANOS_PRODUCTS = [ascii('lf'), ascii('pan-os'), ascii('panos')] as const

export function isCefOf(line: Line, vendor: Uint8Array): boolean {
  if (!isVendor(line, vendor)) return false
  return vendor !== VENDOR.paloalto || PANOS_PRODUCTS.some((product) => isProduct(line, vendor, product))
}

/** CEF of a vendor without a format of its own. Without `CEF:` it must have a whole header and a pair behind it. */
export function isOtherCef(line: Line): boolean {
  if (behindVersion(line) < 0) return false
  for (const vendor of Object.values(VENDOR)) if (isCefOf(line, vendor)) return false
  if (hasCefPrefix(line)) return true
  if (!header.read(line) || header.end[HEADER.severity] === header.start[HEADER.severity]) return false
  const limit = Math.min(line.end, header.extension + 64)
  for (let at = header.extension; at < limit; at++) if (line.bytes[at] === 0x3d) return true
  return false
}

/** Reads header and pairs; false when the header is none. */
export function readCef(line: Line, pairs: Pairs, vendor: PairKeys): boolean {
  if (!header.read(line)) return false
  const isCut = (line.flags & FLAG.truncated) !== 0
  pairs.read(line, header.extension, vendor, SEPARATOR.blank, isCut)
  return true
}
