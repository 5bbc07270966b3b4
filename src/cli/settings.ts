/** `settings list|get|set|reset`: the settings of the running service, and where each value comes from. */
import type { SettingView } from '../api/control-contract.ts'
import { nearestName } from '../config/nearest.ts'
import { SETTING_KEYS } from '../config/schema.ts'
import { AppError } from '../lib/errors.ts'
import type { CliIo } from './io.ts'
import { clientOf, printing, type ServiceOptions } from './options.ts'
import { jsonLine, safeText } from './safe-text.ts'
import { Table } from './table.ts'

export interface ChangeSettingsOptions extends ServiceOptions {
  readonly reason?: string
}

export async function listSettings(io: CliIo, options: ServiceOptions): Promise<void> {
  const client = clientOf(io, options)
  await printing(io, async (output) => {
    const table = new Table(output, ['KEY', 'VALUE', 'FROM'])
    for await (const view of client.rows('listSettings', {})) {
      if (options.json) await output.line(jsonLine(view))
      else await table.row([view.key, view.value === '' ? '(empty)' : view.value, view.origin])
    }
    await table.end()
  })
}

export async function getSetting(io: CliIo, key: string, options: ServiceOptions): Promise<void> {
  let found: SettingView | null = null
  for await (const view of clientOf(io, options).rows('listSettings', {})) if (view.key === key) found = view
  const view = found
  if (view === null) {
    const nearest = nearestName(key, SETTING_KEYS)
    throw new AppError('bad-configuration', `unknown setting "${key}"; the nearest known one is ${nearest}`)
  }
  await printing(io, async (output) => {
    await output.line(options.json ? jsonLine(view) : safeText(view.value))
  })
}

/** `KEY=VALUE` texts. */
export async function setSettings(
  io: CliIo,
  args: readonly string[],
  options: ChangeSettingsOptions,
): Promise<void> {
  const entries = args.map((text): [string, string] => {
    const cut = text.indexOf('=')
    if (cut < 1)
      throw new AppError('usage', `${text}: expected KEY=VALUE, such as detection.portScan.ports=20`)
    return [text.slice(0, cut), text.slice(cut + 1)]
  })
  await change(io, Object.fromEntries(entries), options)
}

/** Back to the default. */
export async function resetSettings(
  io: CliIo,
  keys: readonly string[],
  options: ChangeSettingsOptions,
): Promise<void> {
  await change(io, Object.fromEntries(keys.map((key) => [key, null])), options)
}

async function change(
  io: CliIo,
  changes: Record<string, string | null>,
  options: ChangeSettingsOptions,
): Promise<void> {
  const { results } = await clientOf(io, options).call('changeSettings', {
    changes,
    reason: options.reason ?? '',
  })
  await printing(io, async (output) => {
    for (const result of results) {
      const text = `${result.key} ${result.needsRestart ? 'is kept and acts after a restart' : 'acts now'}`
      await output.line(options.json ? jsonLine(result) : safeText(text))
    }
  })
}
