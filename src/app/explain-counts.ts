/** What rules count, exceptions and clocks of devices, in plain sentences and in the shape of the API. */
import type { CountView, ExceptionReply } from '../api/control-contract.ts'
import { plural, quoted, spanOf } from '../decide/sentences.ts'
import type { InspectedCount } from '../detect/detector.ts'
import type { ExceptionView } from '../detect/exceptions.ts'
import { formatNetwork } from '../lib/address.ts'
import type { DeviceStatus } from '../model/device.ts'

/** Counters in sentences; the JSON form has all. */
const COUNTS_SAID = 12
/** A clock that is less off is not worth a sentence. */
const SMALL_OFFSET_MS = 2000

export function countView({ source, ...count }: InspectedCount): CountView {
  return {
    rule: count.rule,
    source: formatNetwork(source),
    what: count.what,
    count: count.count,
    threshold: count.threshold,
    fires: count.fires,
    windowSeconds: count.windowSeconds,
    lastAt: Number.isFinite(count.lastAtMs) ? new Date(count.lastAtMs).toISOString() : null,
    devices: [...count.devices],
  }
}

export function exceptionView({ rules, ...exception }: ExceptionView): ExceptionReply {
  return { ...exception, rules: rules === null ? null : [...rules] }
}

/** `when`: `now` or `then`. The nearest to its threshold comes first, as `Detector.inspect` sorts them. */
export function countSentences(counts: readonly InspectedCount[], when: 'now' | 'then', more = 0): string[] {
  const live = counts.filter(({ count }) => count > 0)
  const [verb, none] =
    when === 'now'
      ? ['counts', 'No rule counts anything of it now.']
      : ['counted', 'No rule counted anything of it then.']
  if (live.length === 0) return [none]
  const said = live
    .slice(0, COUNTS_SAID)
    .map(({ rule, what, count, threshold, fires, windowSeconds, devices }) => {
      const limit = fires === 'more' ? `more than ${threshold} fire` : `${threshold} or more fire`
      const where =
        devices.length === 0 ? '' : ` at ${devices.map((device) => quoted(device, 60)).join(', ')}`
      return `Rule ${rule} ${verb} ${count} ${what} within ${spanOf(windowSeconds * 1000)}${where}; ${limit}.`
    })
  const left = live.length - said.length + more
  return left === 0
    ? said
    : [...said, `${plural(left, 'further counter')} ${left === 1 ? 'is' : 'are'} farther from firing.`]
}

/** An exception that a record meets. */
export function exceptionSentence({ number, conditions, rules, reason }: ExceptionView): string {
  const from = rules === null ? 'all rules' : rules.join(', ')
  return `Exception ${number} (${quoted(conditions)}) takes it out of ${from}: ${quoted(reason)}.`
}

/** What to know of the clocks of devices that report; nothing of those that are right. */
export function clockSentences(devices: readonly DeviceStatus[], names: readonly string[]): string[] {
  return devices
    .filter(({ device }) => names.includes(device))
    .flatMap(({ device, clockOffsetMs, clockInsane }) => {
      if (clockOffsetMs === null || Math.abs(clockOffsetMs) < SMALL_OFFSET_MS) return []
      const span = spanOf(Math.round(Math.abs(clockOffsetMs) / 1000) * 1000)
      const side = clockOffsetMs > 0 ? 'behind' : 'ahead'
      const what = clockInsane
        ? 'its lines are stored and convict nobody'
        : 'its times are corrected by that before they count'
      return [`The clock of ${quoted(device, 60)} is ${span} ${side}: ${what}.`]
    })
}
