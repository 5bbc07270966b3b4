/** `bouncers list|add|change|remove|show`: CrowdSec bouncers that fetch decisions by CrowdSec's local API. */
import type { Reply } from '../api/control-contract.ts'
import type { CliIo } from './io.ts'
import { clientOf, instantText, printing, type ServiceOptions } from './options.ts'
import { jsonLine, safeText } from './safe-text.ts'
import { Table } from './table.ts'

type BouncerView = Reply<'listBouncers'>

export interface AddBouncerOptions extends ServiceOptions {
  readonly key?: string
  readonly certificate?: string
  readonly hostsOnly?: boolean
  readonly from?: readonly string[]
  readonly note?: string
}

export interface ChangeBouncerOptions extends ServiceOptions {
  readonly certificate?: string
  readonly hostsOnly?: boolean
  readonly from?: readonly string[]
  readonly note?: string
  readonly newKey?: boolean
  readonly reason?: string
}

export interface RemoveBouncerOptions extends ServiceOptions {
  readonly reason?: string
}

export async function listBouncers(io: CliIo, options: ServiceOptions): Promise<void> {
  const client = clientOf(io, options)
  await printing(io, async (output) => {
    const table = new Table(output, ['NAME', 'ADDRESS', 'LAST PULL', 'PROGRAM', 'VERSION', 'GETS', 'NOTE'])
    let count = 0
    for await (const bouncer of client.rows('listBouncers', {})) {
      count++
      if (options.json) await output.line(jsonLine(bouncer))
      else for (const cells of rowsOf(io, bouncer)) await table.row(cells)
    }
    await table.end()
    if (!options.json) await output.line(`${count} ${count === 1 ? 'bouncer' : 'bouncers'}`)
  })
}

/** A bouncer that several addresses use has a line for each. */
function rowsOf(io: CliIo, { name, uses, hostsOnly, note }: BouncerView): string[][] {
  const gets = hostsOnly ? 'hosts' : 'all'
  if (uses.length === 0) return [[name, '-', 'never', '-', '-', gets, note]]
  return uses.map((use) => [
    name,
    use.address,
    instantText(io, use.lastPullAt, 'never'),
    use.agent,
    use.agentVersion,
    gets,
    note,
  ])
}

/** Prints the key alone on stdout, so that a script can take it; it cannot be shown again. */
export async function addBouncer(io: CliIo, name: string, options: AddBouncerOptions): Promise<void> {
  const reply = await clientOf(io, options).call('addBouncer', {
    name,
    ...(options.key === undefined ? {} : { key: options.key }),
    ...(options.certificate === undefined ? {} : { certificate: options.certificate }),
    hostsOnly: options.hostsOnly ?? false,
    sources: [...(options.from ?? [])],
    note: options.note ?? '',
  })
  await printing(io, async (output) => {
    if (!options.json && reply.key !== null)
      io.stderr.write(`${safeText(name)} is added; its key, which cannot be shown again:\n`)
    await output.line(options.json ? jsonLine(reply) : (reply.key ?? `${safeText(name)} is added`))
  })
}

/** Prints a new key alone on stdout, as `addBouncer` does. */
export async function changeBouncer(io: CliIo, name: string, options: ChangeBouncerOptions): Promise<void> {
  const { certificate, hostsOnly, from, note, newKey = false, reason = '' } = options
  const reply = await clientOf(io, options).call('changeBouncer', {
    name,
    ...(certificate === undefined ? {} : { certificate: certificate === 'none' ? null : certificate }),
    ...(hostsOnly === undefined ? {} : { hostsOnly }),
    ...(from === undefined ? {} : { sources: from.filter((text) => text !== 'any') }),
    ...(note === undefined ? {} : { note }),
    newKey,
    reason,
  })
  await printing(io, async (output) => {
    if (!options.json && reply.key !== null)
      io.stderr.write(`${safeText(name)} has another key, which cannot be shown again:\n`)
    await output.line(options.json ? jsonLine(reply) : (reply.key ?? `${safeText(name)} is changed`))
  })
}

export async function removeBouncer(io: CliIo, name: string, options: RemoveBouncerOptions): Promise<void> {
  const reply = await clientOf(io, options).call('removeBouncer', { name, reason: options.reason ?? '' })
  await printing(io, async (output) => {
    await output.line(options.json ? jsonLine(reply) : safeText(reply.message))
  })
}

/** A bouncer, who uses its key, and what it told last of its work. */
export async function showBouncer(io: CliIo, name: string, options: ServiceOptions): Promise<void> {
  const reply = await clientOf(io, options).call('showBouncer', { name })
  await printing(io, async (output) => {
    if (options.json) {
      await output.line(jsonLine(reply))
      return
    }
    const { bouncer, metrics } = reply
    await output.line(
      `${safeText(bouncer.name)}: added by ${safeText(bouncer.createdBy)} on ${instantText(io, bouncer.createdAt, '-')}` +
        `${bouncer.hostsOnly ? ', single addresses only' : ''}` +
        `${bouncer.sources.length === 0 ? '' : `, from ${bouncer.sources.join(', ')} only`}`,
    )
    if (bouncer.note !== '') await output.line(safeText(bouncer.note))
    const uses = new Table(output, ['ADDRESS', 'PROGRAM', 'LAST PULL', 'PULLS', 'LAST ANSWER'])
    for (const use of bouncer.uses) {
      await uses.row([
        use.address,
        `${use.agent} ${use.agentVersion}`,
        instantText(io, use.lastPullAt, 'never'),
        String(use.pulls),
        answerText(use.lastAnswer),
      ])
    }
    await uses.end()
    const table = new Table(output, ['TOLD AT', 'ADDRESS', 'WHAT', 'VALUE', 'UNIT', 'OF'])
    for (const item of metrics[0]?.items ?? []) {
      const labels = Object.entries(item.labels).map(([label, value]) => `${label}=${value}`)
      await table.row([
        instantText(io, metrics[0]?.at ?? null, '-'),
        metrics[0]?.address ?? '',
        item.name,
        String(item.value),
        item.unit,
        labels.join(' '),
      ])
    }
    await table.end()
  })
}

function answerText(answer: BouncerView['uses'][number]['lastAnswer']): string {
  if (answer === null) return '-'
  return `${answer.isWhole ? 'whole list' : 'changes'}: ${answer.began} new, ${answer.ended} ended`
}
