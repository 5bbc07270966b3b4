/** What stands in the way of the pipeline beside its inputs: too many senders, and a relay that does not get through. */
import type { SendersStatus } from '../detect/senders.ts'
import type { InputStatus, PipelineStatus } from '../pipeline-messages.ts'
import type { RelayStatus } from '../publish/relay.ts'

export type NamedFindings = Pick<InputStatus, 'name' | 'findings'>

/** The finding stands so long after the last sender was forgotten. */
const SENDERS_QUIET_MS = 600_000

export function pipelineFindings(status: PipelineStatus | null, nowMs: number): NamedFindings[] {
  if (status === null) return []
  return [
    { name: 'senders', findings: sendersFindings(status.senders, nowMs) },
    { name: 'relay', findings: status.relay === null ? [] : relayFindings(status.relay) },
  ]
}

function sendersFindings(
  { list, lastForgottenAtMs }: SendersStatus,
  nowMs: number,
): NamedFindings['findings'] {
  if (lastForgottenAtMs === null || nowMs - lastForgottenAtMs > SENDERS_QUIET_MS) return []
  return [
    {
      code: 'too-many-senders',
      message: `More than ${list.length} senders sent log lines; those heard longest ago are forgotten, unknown ones first.`,
      mend: 'Forged addresses are likely: let only firewalls reach the syslog ports, name them in senders.known, and set senders.unknown to store.',
    },
  ]
}

/** Texts without running numbers, so that a finding that stands is not told anew every second. */
function relayFindings({ to, state, reason, shedLines }: RelayStatus): NamedFindings['findings'] {
  const trouble =
    state === 'refused' || state === 'failing'
      ? [
          {
            code: 'relay-not-sent',
            message: `Lines are not relayed to ${to}: ${reason}.`,
            mend: 'Look at that server and at relay.to; lines wait, then are shed. Our own detection does not depend on it.',
          },
        ]
      : []
  const shed =
    shedLines > 0
      ? [
          {
            code: 'relay-shed',
            message: `The server at ${to} took lines too slowly, and some were not relayed.`,
            mend: 'status counts them. Look at that server; a restart or a change of relay.to begins the count anew.',
          },
        ]
      : []
  return [...trouble, ...shed]
}
