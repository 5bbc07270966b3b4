/**
 * Row 4: UDP at a steady rate into the whole service; the highest rate of a ladder at which not one message is lost
 * between the sender and the log table. The kernel grants a buffer of at most net.core.rmem_max, which is named.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { storedRecords } from '../log-store.ts'
import { treeUsage } from '../measure.ts'
import type { Figure, Part } from '../part.ts'
import { type RunningService, startService } from '../service.ts'

const LADDER = [20_000, 50_000, 75_000, 100_000, 150_000]
const SECONDS = 8
/** The buffer with which the higher target counts. */
const WIDE_BUFFER_BYTES = 8 << 20

interface Step {
  readonly perSecond: number
  readonly sent: number
  readonly stored: number
  readonly seconds: number
  readonly cpuSeconds: number
}

export const udp: Part = async ({ folder, say }) => {
  const rmemMax = Number(readFileSync('/proc/sys/net/core/rmem_max', 'utf8'))
  const steps: Step[] = []
  for (const perSecond of LADDER) {
    const dataFolder = join(folder, `data-${perSecond}`)
    const service = await startService({ dataFolder, settings: { 'decisions.maxPerMinute': 1_000_000 } })
    const step = await sendAndCount(service, perSecond)
    await service.stop()
    const rate = Math.round(step.sent / step.seconds)
    say(`${perSecond}/s asked, ${rate}/s sent, ${step.sent - step.stored} of ${step.sent} lost`)
    steps.push(step)
    if (step.stored < step.sent || rate < perSecond * 0.9) break
  }
  const whole = steps.findLast((step) => step.stored === step.sent)
  const firstLossy = steps.find((step) => step.stored < step.sent)
  const target = rmemMax >= WIDE_BUFFER_BYTES ? 100_000 : 20_000
  const figure: Figure = {
    row: 4,
    what: 'UDP received, parsed, detected, stored without loss',
    value: whole === undefined ? 0 : whole.sent / whole.seconds,
    unit: 'messages/s',
    target: { atLeast: target },
    work:
      whole === undefined
        ? null
        : { lines: whole.sent, wallSeconds: whole.seconds, cpuSeconds: whole.cpuSeconds, file: null },
    note: [
      `rmem_max ${rmemMax}; ${SECONDS} s a step, the sender on the same cores`,
      firstLossy === undefined
        ? 'no step lost a message'
        : `at ${firstLossy.perSecond}/s ${(((firstLossy.sent - firstLossy.stored) / firstLossy.sent) * 100).toFixed(2)} % lost`,
    ].join('; '),
  }
  return [figure]
}

async function sendAndCount(service: RunningService, perSecond: number): Promise<Step> {
  const sender = fork(
    join(import.meta.dirname, '../udp-sender.ts'),
    [service.syslogPort, perSecond, SECONDS, 1].map(String),
  )
  await once(sender, 'message')
  const startCpu = treeUsage(service.processId).cpuSeconds
  sender.send('go')
  const [{ sent, seconds }] = (await once(sender, 'message')) as [{ sent: number; seconds: number }]
  // everything that arrived is stored when the count has not moved for two seconds
  let stored = -1
  for (let now = await storedRecords(service.dataFolder); now !== stored || now === 0; ) {
    stored = now
    if (stored === sent) break
    await delay(2000)
    now = await storedRecords(service.dataFolder)
  }
  const cpuSeconds = treeUsage(service.processId).cpuSeconds - startCpu
  return { perSecond, sent, stored, seconds, cpuSeconds }
}
