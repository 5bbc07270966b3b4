/**
 * The older system's numbers and mail server as our settings, and its mail addresses as recipients. Pure; what comes out
 * are texts for the operations that change settings and add recipients, which judge them.
 */
import type { OriginalMail } from './original-tables.ts'

/** Its numbers as our settings. */
const NUMBERS: readonly (readonly [string, string])[] = [
  ['Port_Scan1_x_min', 'detection.portScan.minutes'],
  ['Port_Scan1_x_dstPort', 'detection.portScan.ports'],
  ['Port_Scan2_x_min', 'detection.hostSweep.minutes'],
  ['Port_Scan2_x_dstIP', 'detection.hostSweep.addresses'],
  ['Vul_Scan1_x_severity', 'detection.threat.level'],
  ['x_month_logs', 'retention.logMonths'],
  ['x_month_inactive_blacklist', 'retention.inactiveMonths'],
]
/** A minute count or level of 0 switched a case off there. */
const OFF: Readonly<Record<string, string>> = {
  Port_Scan1_x_min: 'detection.portScan.mode',
  Port_Scan2_x_min: 'detection.hostSweep.mode',
  Vul_Scan1_x_severity: 'detection.threat.mode',
}

export function settingsOfNumbers(numbers: ReadonlyMap<string, number>): Record<string, string> {
  const changes: Record<string, string> = {}
  for (const [theirs, ours] of NUMBERS) {
    const number = numbers.get(theirs)
    if (number === undefined) continue
    const off = OFF[theirs]
    if (number > 0) changes[ours] = String(number)
    else if (off !== undefined) changes[off] = 'off'
  }
  return changes
}

/** With a password the sender signs in, and then TLS is a must where the older system asked for none. */
export function settingsOfMail({
  host,
  port,
  usesTls,
  sender,
  password,
}: OriginalMail): Record<string, string> {
  return {
    'smtp.host': host,
    'smtp.port': String(port),
    'smtp.security': usesTls ? 'starttls' : 'starttls-if-offered',
    ...(sender === '' ? {} : { 'smtp.from': sender }),
    ...(password === null || sender === '' ? {} : { 'smtp.user': sender, 'smtp.password': password }),
  }
}

/** Short names for mail addresses, none of them taken: `soc` for soc@example.com. */
export function namesForAddresses(
  addresses: readonly string[],
  taken: Iterable<string>,
): readonly { readonly id: string; readonly address: string }[] {
  const used = new Set(taken)
  return addresses.map((address) => {
    const plain = (address.split('@', 1)[0] ?? '')
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-+|-+$/g, '')
      .slice(0, 36)
    const stem = plain === '' ? 'mail' : plain
    let id = stem
    for (let count = 2; used.has(id); count++) id = `${stem}-${count}`
    used.add(id)
    return { id, address }
  })
}
