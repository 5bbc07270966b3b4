/** The address of a sender, in the one form the product uses, from what a socket reports. */

/** Without what the socket adds: IPv4-mapped becomes IPv4, the zone id is cut. */
export function senderAddress(raw: string): string {
  const zone = raw.indexOf('%')
  const address = zone === -1 ? raw : raw.slice(0, zone)
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}
