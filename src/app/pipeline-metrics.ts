/** Brings the pipeline thread's counters into the metrics, once a second. */
import type { PipelineStatus } from '../pipeline-messages.ts'
import type { Metrics } from '../telemetry/metrics.ts'

export function pipelineMetrics(metrics: Metrics, status: PipelineStatus | null): void {
  if (status === null) return
  for (const { name: input, counters } of status.inputs) {
    metrics.inputMessages.set({ input }, counters['received'] ?? counters['lines'] ?? 0)
    metrics.inputBytes.set({ input }, counters['receivedBytes'] ?? counters['bytes'] ?? 0)
    for (const [counter, reason] of LOSSES) {
      const lost = counters[counter]
      if (lost !== undefined) metrics.inputLost.set({ input, reason }, lost)
    }
  }
  for (const [name, total] of Object.entries(status.parser)) {
    if (name.startsWith('parsed ')) metrics.parseRecords.set({ format: name.slice(7) }, total)
    else metrics.parseUnparsed.set({ reason: name.slice(9) }, total)
  }
  metrics.storeRecords.set({ result: 'durable' }, status.segments['durableRecords'] ?? 0)
  metrics.storeRecords.set({ result: 'inserted' }, status.segments['storedRecords'] ?? 0)
  metrics.segmentsWaiting.set(status.segments['waitingSegments'] ?? 0)
  metrics.queuedBatches.set(status.queuedBatches)
  metrics.senders.set({ trust: 'known' }, status.senders.known)
  metrics.senders.set({ trust: 'pending' }, status.senders.pending)
  if (status.relay === null) return
  metrics.relayLines.set({ result: 'sent' }, status.relay.sentLines)
  metrics.relayLines.set({ result: 'shed' }, status.relay.shedLines)
  metrics.relayLines.set({ result: 'failed' }, status.relay.failedLines)
}

const LOSSES = [
  ['shed', 'shed'],
  ['kernelDrops', 'kernel'],
  ['framingErrors', 'framing'],
  ['linesRefused', 'refused'],
] as const
