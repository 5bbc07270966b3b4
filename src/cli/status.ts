/** `status`: one screen of what the running service does, and what stands in its way. */
import type { StatusView } from '../api/control-contract.ts'
import { formatDuration } from '../lib/time-text.ts'
import type { CliIo, LineOutput } from './io.ts'
import { clientOf, instantText, printing, type ServiceOptions } from './options.ts'
import { jsonLine, safeText } from './safe-text.ts'
import { Table } from './table.ts'

/** Rows of the table of senders; JSON has all. */
const SHOWN_SENDERS = 20

export async function status(io: CliIo, options: ServiceOptions): Promise<void> {
  const view = await clientOf(io, options).call('status', {})
  await printing(io, async (output) => {
    if (options.json) {
      await output.line(jsonLine(view))
      return
    }
    for (const line of headLines(io, view)) await output.line(safeText(line))
    for (const input of view.inputs) {
      await output.line(
        safeText(`${input.name} ${input.address ?? 'not listening'}: ${countersText(input.counters)}`),
      )
    }
    await sendersTable(io, output, view)
    const table = new Table(output, ['FIREWALL', 'LAST LINE', 'RECORDS', 'UNPARSED', 'CLOCK'])
    for (const device of view.devices) {
      const lastSeen = instantText(io, device.lastSeenAt, '-')
      const numbers = [String(device.records), String(device.unparsed)]
      await table.row([
        device.device,
        lastSeen,
        ...numbers,
        clockText(device.clockOffsetMs, device.clockInsane),
      ])
    }
    await table.end()
    for (const { device, type, lost, duplicates } of view.losses.filter((series) => series.lost > 0)) {
      const also = duplicates === 0 ? '' : `, ${duplicates} came twice`
      await output.line(
        safeText(
          `${device} ${type}: ${lost} lines never came, by the firewall's own numbers (lost, or of rules that do not forward their logs)${also}`,
        ),
      )
    }
    for (const { message, mend } of findingsOf(view)) {
      await output.line(safeText(`! ${message}`))
      await output.line(safeText(`  Mend: ${mend}`))
    }
  })
}

/** What stands in the way, each once: a finding of an input may also be an alarm of the service. */
export function findingsOf(view: StatusView): StatusView['findings'] {
  const all = [...view.findings, ...view.inputs.flatMap((input) => input.findings)]
  return all.filter(({ message }, i) => all.findIndex((other) => other.message === message) === i)
}

function headLines(io: CliIo, view: StatusView): string[] {
  const { engine, freeze, list, decisions } = view
  const upMs = io.clock.nowMs() - Date.parse(view.startedAt)
  const since = (by: string | null, at: string | null, reason: string | null): string =>
    `by ${by ?? '-'} since ${instantText(io, at, '-')}${reason === null || reason === '' ? '' : ` (${reason})`}`
  return [
    `Active Defense Syslog ${view.version}, up ${formatDuration(upMs)}, process ${view.processId}, data in ${view.dataFolder}`,
    engine.on ? 'engine: on' : `engine: OFF ${since(engine.changedBy, engine.changedAt, engine.reason)}`,
    ...(freeze.frozen ? [`list: FROZEN ${since(freeze.changedBy, freeze.changedAt, freeze.reason)}`] : []),
    `blocks: ${decisions.blocked} blocked, ${decisions.held} held for review${decisions.held === 0 ? '' : ' (blocks list --held)'}, ${decisions.shadow} in shadow; allowlist: ${decisions.allowed}`,
    `list: ${list.entries === 1 ? '1 entry' : `${list.entries} entries`} at ${list.url ?? '(not served)'}, changed ${instantText(io, list.changedAt, 'never')}, ` +
      `fetched ${instantText(io, list.lastFetchedAt, 'never')}${list.lastFetchedBy === null ? '' : ` by ${list.lastFetchedBy}`}`,
    sendersText(view),
    ...(view.relay === null ? [] : [relayText(view.relay)]),
    `store: ${view.store.state}; ${countersText(view.store.counters)}`,
    `parser: ${countersText(view.parser)}`,
    `detector: ${countersText(view.detector)}`,
  ]
}

function sendersText({ senders }: StatusView): string {
  const { known, pending, pendingLines, unknown } = senders
  if (pending === 0) return `senders: ${known} known`
  const use = unknown === 'store' ? 'stored only' : 'used, untrusted'
  return `senders: ${known} known, ${pending} pending (${pendingLines} lines, ${use}); name those you know in senders.known`
}

function relayText(relay: NonNullable<StatusView['relay']>): string {
  const { to, state, reason, sentLines, shedLines, failedLines, waitingLines } = relay
  const why = reason === '' ? '' : ` (${reason})`
  return `relay: ${to} ${state}${why}: ${sentLines} lines sent, ${waitingLines} wait, ${shedLines} shed, ${failedLines} failed`
}

async function sendersTable(io: CliIo, output: LineOutput, { senders }: StatusView): Promise<void> {
  const table = new Table(output, ['SENDER', 'BY', 'CERTIFICATE', 'TRUST', 'LAST LINE', 'LINES', 'UNPARSED'])
  for (const each of senders.list.slice(0, SHOWN_SENDERS)) {
    const trust = each.known ? 'known' : 'pending'
    const lastSeen = instantText(io, each.lastSeenAt, '-')
    const { sender, transport, identity, lines, unparsed } = each
    await table.row([sender, transport, identity ?? '-', trust, lastSeen, String(lines), String(unparsed)])
  }
  await table.end()
  const more = senders.list.length - SHOWN_SENDERS
  if (more > 0) await output.line(`and ${more} more senders; status --json lists them`)
}

/** Counters that are not 0, by name. */
function countersText(counters: Readonly<Record<string, number>>): string {
  const shown = Object.entries(counters).filter(([, value]) => value !== 0)
  return shown.length === 0 ? 'nothing yet' : shown.map(([name, value]) => `${name} ${value}`).join(', ')
}

function clockText(offsetMs: number | null, isInsane: boolean): string {
  if (offsetMs === null) return 'not learned yet'
  const size = formatDuration(Math.abs(offsetMs))
  const text = Math.abs(offsetMs) < 1000 ? 'right' : `${size} ${offsetMs > 0 ? 'behind' : 'ahead'}`
  return isInsane ? `${text}: WRONG, its lines never convict` : text
}
