/** The demo: a synthetic site whose firewalls send to our own syslog port, and the networks it needs. */
import { type ConfigurationInput, loadConfiguration } from '../config/load.ts'
import { DEMO_NETWORKS, playDemo } from '../demo/firewall.ts'
import type { Clock } from '../lib/clock.ts'
import { AppError } from '../lib/errors.ts'
import type { Events } from '../telemetry/events.ts'
import type { PipelineThread } from './pipeline-thread.ts'

/** The demo's documentation addresses count as public, unless the operator has named networks. */
export function inputWithDemoNetworks(input: ConfigurationInput): ConfigurationInput {
  const { origins } = loadConfiguration(input)
  const sets = [
    ...(origins['networks.own'] === 'default' ? [`networks.own=${DEMO_NETWORKS.own.join(',')}`] : []),
    ...(origins['networks.public'] === 'default'
      ? [`networks.public=${DEMO_NETWORKS.public.join(',')}`]
      : []),
  ]
  return { ...input, sets: [...sets, ...(input.sets ?? [])] }
}

/** Plays until the returned function is called. Throws AppError `bad-configuration` without syslog over UDP. */
export function playDemoInto(thread: PipelineThread, clock: Clock, events: Events): () => Promise<void> {
  const address = thread.inputs.find(({ name }) => name === 'udp')?.address
  const port = Number(address?.split(':').at(-1))
  if (!Number.isInteger(port))
    throw new AppError('bad-configuration', '--demo needs syslog over UDP: syslog.udp.listen is off')
  const ending = new AbortController()
  const { signal } = ending
  const playing = playDemo({ host: '127.0.0.1', port, signal, clock, random: Math.random })
  playing.catch((error: unknown) => events.partFailed('demo', 'play the demo', error))
  return async () => {
    ending.abort()
    await playing.catch(() => {}) // reported above
  }
}
