/**
 * When the state was lost and a last good list is there, its entries are taken over as blocks by `system`, so that a
 * lost file does not open the gates. They end like any other when they are not seen for the inactive months.
 */
import type { Settings } from '../config/schema.ts'
import { MAX_BULK } from '../decide/block-desk.ts'
import type { Decider } from '../decide/decider.ts'
import type { Clock } from '../lib/clock.ts'
import { MONTH_MS } from '../model/decision.ts'
import type { AlarmSink } from '../telemetry/alarms.ts'

const REASON = 'taken over from the last list, because the state was lost; its evidence is lost with it'

export async function recoverFromList(
  decider: Decider,
  body: Buffer,
  settings: Settings,
  clock: Clock,
  alarms: AlarmSink,
): Promise<void> {
  const untilMs = clock.nowMs() + settings['retention.inactiveMonths'] * MONTH_MS
  const targets = body
    .toString('latin1')
    .split('\n')
    .filter((text) => text !== '')
  let taken = 0
  for (let at = 0; at < targets.length; at += MAX_BULK) {
    const blocks = targets
      .slice(at, at + MAX_BULK)
      .map((target) => ({ target, reason: REASON, untilMs, confirmWide: true }))
    const outcomes = await decider.blocks.addMany(blocks, 'system')
    taken += outcomes.filter(({ ok }) => ok).length
  }
  alarms.raise({
    code: 'state-recovered',
    severity: 'critical',
    message: `The state was lost: ${taken} of ${targets.length} entries of the last list were taken over as blocks; allowlist, settings and evidence are gone.`,
    mend: 'Restore state.sqlite from a backup, or enter the allowlist and settings anew.',
  })
}
