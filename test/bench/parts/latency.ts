/**
 * Row 5: from the last offending line written to the socket until the address is in the list as fetched over HTTPS.
 * One scanner after another, with background traffic beside them.
 */
import { createSocket } from 'node:dgram'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { bsdHeader, customBody, type FirewallEvent, lineTime } from '../../../src/demo/log-lines.ts'
import { quantile } from '../measure.ts'
import type { Figure, Part } from '../part.ts'
import { startService } from '../service.ts'

const TRIALS = 200
const PORTS = 11
const POLL_MS = 2
const LIMIT_MS = 10_000
const DEVICE = { name: 'SYD-FW-01', serial: '' }

export const latency: Part = async ({ folder, say }) => {
  const dataFolder = join(folder, 'data')
  const service = await startService({ dataFolder, settings: { 'decisions.maxPerMinute': 1_000_000 } })
  const socket = createSocket('udp4')
  const send = (text: string): void => socket.send(text, service.syslogPort, '127.0.0.1')
  say(`${TRIALS} scanners`)
  const takenMs: number[] = []
  for (let trial = 0; trial < TRIALS; trial++) {
    const source = `10.32.${trial >> 8}.${trial & 255}`
    for (let port = 1; port < PORTS; port++) send(probe(source, port))
    await delay(30 + (trial % 7) * 11) // not in step with any timer of the service
    const startMs = performance.now()
    send(probe(source, PORTS))
    while (!`\n${await service.list()}`.includes(`\n${source}\n`)) {
      if (performance.now() - startMs > LIMIT_MS) throw new Error(`${source} is not on the list after 10 s`)
      await delay(POLL_MS)
    }
    takenMs.push(performance.now() - startMs)
  }
  socket.close()
  await service.stop()
  const figure: Figure = {
    row: 5,
    what: 'last offending line written → address served in the list, p99',
    value: quantile(takenMs, 0.99) / 1000,
    unit: 's',
    target: { atMost: 0.5 },
    work: null,
    note: `${TRIALS} scanners; median ${quantile(takenMs, 0.5).toFixed(0)} ms, longest ${Math.max(...takenMs).toFixed(0)} ms`,
  }
  return [figure]
}

function probe(source: string, port: number): string {
  const time = lineTime(Date.now(), 0)
  const event: FirewallEvent = {
    subtype: 'drop',
    sourceAddress: source,
    sourcePort: 40_000 + port,
    sourceCountry: 'Germany',
    sourceUser: '',
    sourceZone: 'UNTRUST',
    destinationAddress: '198.18.0.10',
    destinationPort: port,
    destinationCountry: 'Australia',
    destinationZone: 'UNTRUST',
    protocol: 'tcp',
    application: 'not-applicable',
    action: 'drop',
    rule: 'Active Defense sensor',
    ruleId: '',
    sessionEndReason: 'policy-deny',
    sessionId: 0,
    sequenceNumber: 0,
    bytesSent: 60,
    bytesReceived: 0,
    packetsSent: 1,
    packetsReceived: 0,
    threat: null,
  }
  return bsdHeader(DEVICE, time) + customBody(event, time)
}
