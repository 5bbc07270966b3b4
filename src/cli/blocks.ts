/**
 * `blocks list|add|extend|tag|tags|remove|release|refuse`: the blocks of the running service. Human output is a table, `--json` one
 * object a line.
 */
import type { BlockView, Input } from '../api/control-contract.ts'
import { AppError } from '../lib/errors.ts'
import { ORIGINAL_NAMES } from '../model/detection.ts'
import type { CliIo } from './io.ts'
import {
  changeTargets,
  clientOf,
  instantText,
  printing,
  ruleOf,
  type ServiceOptions,
  sinceOf,
  targetsOf,
  untilOf,
} from './options.ts'
import { jsonLine } from './safe-text.ts'
import { Table } from './table.ts'

export interface ListBlocksOptions extends ServiceOptions {
  readonly rule?: string
  readonly device?: string
  readonly since?: string
  readonly held?: boolean
  readonly shadow?: boolean
  readonly ended?: boolean
  readonly tag?: string
}

export interface ChangeBlocksOptions extends ServiceOptions {
  readonly reason: string
  readonly until?: string
  readonly for?: string
  readonly dryRun?: boolean
  readonly wide?: boolean
}

export async function listBlocks(
  io: CliIo,
  targets: readonly string[],
  options: ListBlocksOptions,
): Promise<void> {
  const filter: { -readonly [Key in keyof Input<'listBlocks'>]: Input<'listBlocks'>[Key] } = {
    mode: options.held ? 'hold' : options.shadow ? 'shadow' : 'block',
  }
  const rule = options.rule === undefined ? null : ruleOf(options.rule)
  if (rule === 'manual') filter.origin = 'manual'
  else if (rule !== null) filter.rule = rule
  if (options.device !== undefined) filter.device = options.device
  if (options.since !== undefined) filter.since = sinceOf(io, options.since)
  if (options.ended) filter.ended = true
  if (options.tag !== undefined) filter.tag = options.tag
  const wanted = targets.length === 0 ? [undefined] : await targetsOf(io, targets)
  const client = clientOf(io, options)
  await printing(io, async (output) => {
    const table = new Table(output, [
      'TARGET',
      'RULE',
      'PROOF',
      'SEVERITY',
      'COUNTRY',
      'SINCE',
      'LAST SEEN',
      'UNTIL',
      'BY',
      'TAGS',
      'REASON',
    ])
    let count = 0
    for (const target of wanted) {
      for await (const block of client.rows(
        'listBlocks',
        target === undefined ? filter : { ...filter, target },
      )) {
        count++
        if (options.json) await output.line(jsonLine(block))
        else await table.row(cellsOf(io, block))
      }
    }
    await table.end()
    if (!options.json) await output.line(`${count} ${count === 1 ? 'block' : 'blocks'}`)
  })
}

function cellsOf(io: CliIo, block: BlockView): string[] {
  const name = block.rule ?? (block.origin === 'manual' ? 'manual' : null)
  return [
    block.target,
    name === null ? block.origin : `${name} (${ORIGINAL_NAMES[name]})`,
    block.proof ?? '-',
    block.severity ?? '-',
    block.country ?? '-',
    instantText(io, block.createdAt, '-'),
    instantText(io, block.lastSeenAt, '-'),
    block.endedAt === null
      ? instantText(io, block.expiresAt, 'removed')
      : `ended ${instantText(io, block.endedAt, '')} by ${block.endedBy ?? '-'}`,
    block.createdBy,
    block.tags.length === 0 ? '-' : block.tags.join(', '),
    block.endReason === null ? block.reason : `${block.reason}; ended: ${block.endReason}`,
  ]
}

export function addBlocks(io: CliIo, args: readonly string[], options: ChangeBlocksOptions): Promise<number> {
  return addTargets(io, 'addBlocks', args, options)
}

/** Puts targets on the blocklist or on the allowlist. Answers the exit code. */
export async function addTargets(
  io: CliIo,
  route: 'addBlocks' | 'addAllow',
  args: readonly string[],
  options: ChangeBlocksOptions,
): Promise<number> {
  const until = untilOf(io, options)
  const targets = await targetsOf(io, args)
  const client = clientOf(io, options)
  const common = {
    reason: options.reason,
    dryRun: options.dryRun ?? false,
    until,
    ...(options.wide === true ? { confirmWide: true } : {}),
  }
  return changeTargets(io, options, targets, (some) => client.call(route, { ...common, targets: some }))
}

export interface ExtendBlocksOptions extends ChangeBlocksOptions {
  readonly permanent?: boolean
}

/** Another end for blocks that stand; the end must be named, since none would mean for ever. */
export async function extendBlocks(
  io: CliIo,
  args: readonly string[],
  options: ExtendBlocksOptions,
): Promise<number> {
  const until = untilOf(io, options)
  if ((until === null) === (options.permanent !== true))
    throw new AppError('usage', 'say until when: one of --until, --for and --permanent')
  const targets = await targetsOf(io, args)
  const client = clientOf(io, options)
  const common = { reason: options.reason, dryRun: options.dryRun ?? false, until }
  return changeTargets(io, options, targets, (some) =>
    client.call('extendBlocks', { ...common, targets: some }),
  )
}

export interface TagBlocksOptions extends ServiceOptions {
  readonly add?: readonly string[]
  readonly remove?: readonly string[]
  readonly reason?: string
  readonly dryRun?: boolean
}

export async function tagBlocks(
  io: CliIo,
  args: readonly string[],
  options: TagBlocksOptions,
): Promise<number> {
  const common = {
    add: [...(options.add ?? [])],
    remove: [...(options.remove ?? [])],
    reason: options.reason ?? '',
    dryRun: options.dryRun ?? false,
  }
  if (common.add.length + common.remove.length === 0)
    throw new AppError('usage', 'say which tags: --add TAG or --remove TAG')
  const targets = await targetsOf(io, args)
  const client = clientOf(io, options)
  return changeTargets(io, options, targets, (some) => client.call('tagBlocks', { ...common, targets: some }))
}

export async function listTags(io: CliIo, options: ServiceOptions): Promise<void> {
  const client = clientOf(io, options)
  await printing(io, async (output) => {
    const table = new Table(output, ['TAG', 'BLOCKS'])
    for await (const row of client.rows('listTags', {}))
      if (options.json) await output.line(jsonLine(row))
      else await table.row([row.tag, String(row.count)])
    await table.end()
  })
}

/** `removeBlocks` lifts, `releaseHeld` puts held blocks on the list, `refuseHeld` drops them. */
export async function changeBlocks(
  io: CliIo,
  route: 'removeBlocks' | 'releaseHeld' | 'refuseHeld',
  args: readonly string[],
  options: ChangeBlocksOptions,
): Promise<number> {
  const targets = await targetsOf(io, args)
  const client = clientOf(io, options)
  const common = { reason: options.reason, dryRun: options.dryRun ?? false }
  return changeTargets(io, options, targets, (some) => client.call(route, { ...common, targets: some }))
}
