/** `allow list|add|remove|check`: the allowlist of the running service. Allow always wins over block. */
import type { CliIo } from './io.ts'
import { changeTargets, clientOf, instantText, printing, type ServiceOptions, targetsOf } from './options.ts'
import { addTargets, type ChangeBlocksOptions } from './blocks.ts'
import { jsonLine } from './safe-text.ts'
import { Table } from './table.ts'

export async function listAllow(io: CliIo, options: ServiceOptions): Promise<void> {
  const client = clientOf(io, options)
  await printing(io, async (output) => {
    const table = new Table(output, ['TARGET', 'SINCE', 'UNTIL', 'BY', 'REASON'])
    let count = 0
    for await (const entry of client.rows('listAllow', {})) {
      count++
      if (options.json) {
        await output.line(jsonLine(entry))
        continue
      }
      const since = instantText(io, entry.createdAt, '-')
      await table.row([
        entry.target,
        since,
        instantText(io, entry.expiresAt, 'removed'),
        entry.createdBy,
        entry.reason,
      ])
    }
    await table.end()
    if (!options.json) await output.line(`${count} ${count === 1 ? 'entry' : 'entries'}`)
  })
}

export function addAllow(io: CliIo, args: readonly string[], options: ChangeBlocksOptions): Promise<number> {
  return addTargets(io, 'addAllow', args, options)
}

export async function removeAllow(
  io: CliIo,
  args: readonly string[],
  options: ChangeBlocksOptions,
): Promise<number> {
  const targets = await targetsOf(io, args)
  const client = clientOf(io, options)
  const common = { reason: options.reason, dryRun: options.dryRun ?? false }
  return changeTargets(io, options, targets, (some) =>
    client.call('removeAllow', { ...common, targets: some }),
  )
}

/** Says for each target whether a block of it would be refused, and why. */
export async function checkAllow(io: CliIo, args: readonly string[], options: ServiceOptions): Promise<void> {
  const targets = await targetsOf(io, args)
  const { results } = await clientOf(io, options).call('checkAllow', { targets })
  await printing(io, async (output) => {
    const table = new Table(output, ['TARGET', 'ALLOWED', 'WHY'])
    for (const result of results) {
      if (options.json) await output.line(jsonLine(result))
      else await table.row([result.target, result.allowed ? 'yes' : 'no', result.message])
    }
    await table.end()
  })
}
