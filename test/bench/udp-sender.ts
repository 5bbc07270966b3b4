/**
 * Sends workload lines by UDP at a steady rate, from a process of its own so that it does not slow what is measured.
 * Arguments: port, messages per second, seconds, seed. Says `ready` when its lines are made, begins at the message
 * `go`, and answers with how many it sent and how long it took.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { generateLines } from './workload.ts'

const [port = 0, perSecond = 0, seconds = 0, seed = 0] = process.argv.slice(2).map(Number)
/** Lines are sent again from the start when they run out: their times are moved by nobody, which the windows allow. */
const DISTINCT = 200_000
const TICK_MS = 2

const lines: Buffer[] = []
const endMs = Date.now()
generateLines(
  {
    format: 'custom',
    lines: Math.min(DISTINCT, perSecond * seconds),
    seed,
    sources: 200_000,
    linesPerSecond: perSecond,
    endMs,
  },
  (line) => lines.push(Buffer.from(`<14>${line}`)),
)
const socket = createSocket({ type: 'udp4', sendBufferSize: 4 << 20 })
socket.connect(port, '127.0.0.1')
await once(socket, 'connect')
process.send?.('ready')
await once(process, 'message')

const total = perSecond * seconds
let sent = 0
let failed = 0
const startMs = performance.now()
await new Promise<void>((resolve) => {
  const tick = (): void => {
    const due = Math.min(total, Math.floor(((performance.now() - startMs) / 1000) * perSecond))
    while (sent < due) {
      socket.send(lines[sent % lines.length] as Buffer, (error) => {
        if (error !== null) failed++
      })
      sent++
    }
    if (sent < total) setTimeout(tick, TICK_MS)
    else setTimeout(resolve, 200)
  }
  tick()
})
process.send?.({ sent: sent - failed, seconds: (performance.now() - startMs - 200) / 1000 })
socket.close()
process.disconnect()
