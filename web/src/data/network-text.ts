/** Whether typed text is a whole address or network, so that half-typed ones are not asked for. The service judges again. */

/** Host bits must be 0, as the service wants them; of IPv6 only the form is looked at. */
export function isNetworkText(text: string): boolean {
  const [address = '', length, ...more] = text.split('/')
  if (more.length > 0 || (length !== undefined && !/^\d{1,3}$/.test(length))) return false
  if (address.includes(':')) return URL.canParse(`http://[${address}]/`) && Number(length ?? 128) <= 128
  const parts = address.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256))
    return false
  const bits = Number(length ?? 32)
  const value = parts.reduce((sum, part) => sum * 256 + Number(part), 0)
  return bits <= 32 && value % 2 ** (32 - bits) === 0
}
