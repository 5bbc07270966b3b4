/** `freeze`, `unfreeze`, `engine on|off|reset`, `reload` and `stop`: the switches of the running service. */
import type { CliIo } from './io.ts'
import { clientOf, printing, type ServiceOptions } from './options.ts'
import { jsonLine, safeText } from './safe-text.ts'

export interface SwitchOptions extends ServiceOptions {
  readonly reason?: string
}

/** Freezes the list as it is, or lets it move again. */
export async function setFreeze(io: CliIo, frozen: boolean, options: SwitchOptions): Promise<void> {
  const reply = await clientOf(io, options).call('setFreeze', { frozen, reason: options.reason ?? '' })
  await printReply(io, options, reply, reply.message)
}

/** Engine off: lines are received and stored, and detectors block nothing. Reset forgets all counting windows. */
export async function setEngine(
  io: CliIo,
  action: 'on' | 'off' | 'reset',
  options: SwitchOptions,
): Promise<void> {
  const reply = await clientOf(io, options).call('setEngine', { action, reason: options.reason ?? '' })
  await printReply(io, options, reply, reply.message)
}

/** Reads the configuration again; a bad one changes nothing (exit 3). */
export async function reload(io: CliIo, options: ServiceOptions): Promise<void> {
  const reply = await clientOf(io, options).call('reload', {})
  const changed = reply.changed.length === 0 ? 'nothing changed' : `changed: ${reply.changed.join(', ')}`
  const restart = reply.needsRestart.length === 0 ? '' : `; needs a restart: ${reply.needsRestart.join(', ')}`
  await printReply(io, options, reply, changed + restart)
}

export async function stop(io: CliIo, options: ServiceOptions): Promise<void> {
  const reply = await clientOf(io, options).call('stop', {})
  await printReply(io, options, reply, reply.message)
}

async function printReply(io: CliIo, options: ServiceOptions, reply: object, text: string): Promise<void> {
  await printing(io, async (output) => {
    await output.line(options.json ? jsonLine(reply) : safeText(text))
  })
}
