/**
 * What the running service knows of itself, in the two shapes it is asked for: the page and /readyz (health.ts), and
 * `active-defense status` (control-contract.ts). Reads the parts; changes nothing.
 */
import type { ComponentHealth, InputHealth, ServiceStatus } from '../api/health.ts'
import type { StatusView } from '../api/control-contract.ts'
import { originalNameOf } from '../decide/rule-names.ts'
import { formatNetwork } from '../lib/address.ts'
import type { InputStatus } from '../pipeline-messages.ts'
import type { RelayStatus } from '../publish/relay.ts'
import type { Parts } from './parts.ts'

const RECENT_BLOCKS = 20
/** Counters of inputs that mean lost messages. */
const LOSSES = ['shed', 'kernelDrops', 'framingErrors']

const iso = (ms: number): string => new Date(ms).toISOString()
const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms))

export function componentsOf(parts: Parts): ComponentHealth[] {
  const { list, decider, logs, pipeline } = parts
  const waiting = pipeline?.status?.segments['waitingSegments'] ?? 0
  return [
    {
      name: 'list',
      isReady: list.isLoaded,
      reason: list.isLoaded
        ? `revision ${list.snapshot.revision}, ${list.snapshot.entries === 1 ? '1 entry' : `${list.snapshot.entries} entries`}`
        : 'serving the last good copy: the decisions are not loaded yet',
    },
    { name: 'state', isReady: decider !== null, reason: decider === null ? 'not open yet' : 'open' },
    {
      name: 'pipeline',
      isReady: pipeline?.isReady ?? false,
      reason: pipeline?.isReady ? 'listening' : 'not listening: no lines are taken in',
    },
    {
      name: 'log-store',
      isReady: logs?.isReady ?? false,
      reason: `${logs?.note ?? 'not started yet'}${waiting > 0 ? `, ${waiting} ${waiting === 1 ? 'segment waits' : 'segments wait'} on disk` : ''}`,
    },
  ]
}

export function serviceStatus(parts: Parts): ServiceStatus {
  const { clock, list, decider, certificate, fetches, alarms } = parts
  const { snapshot } = list
  const flags = decider?.engine.flags
  const blocks = decider?.active({ mode: 'block' }) ?? []
  const served = certificate.served
  return {
    version: parts.version,
    nowMs: clock.nowMs(),
    startedAtMs: parts.startedAtMs,
    components: componentsOf(parts),
    engine: {
      state: flags === undefined || flags.on ? (flags?.frozen ? 'frozen' : 'on') : 'off',
      sinceMs:
        flags === undefined ? null : (flags.on ? flags.frozenChangedAtMs : flags.onChangedAtMs) || null,
      note: flags === undefined ? '' : flags.on ? (flags.frozen ? flags.frozenReason : '') : flags.onReason,
    },
    list: {
      urls: parts.listUrls(),
      entries: snapshot.entries,
      refused: snapshot.refused,
      revision: snapshot.revision,
      madeAtMs: snapshot.madeAtMs,
      origin: snapshot.origin,
    },
    activeBlocks: blocks.length,
    heldBlocks: decider?.counters().holds ?? 0,
    recentBlocks: blocks.slice(0, RECENT_BLOCKS).map((decision) => ({
      target: formatNetwork(decision.target),
      rule: decision.rule ?? decision.origin,
      originalName: originalNameOf(decision) ?? '',
      reason: decision.reason,
      createdAtMs: decision.createdAtMs,
      expiresAtMs: decision.expiresAtMs,
    })),
    inputs: (parts.pipeline?.inputs ?? []).map((input) =>
      inputHealth(input, parts.rates.perSecond(input.name)),
    ),
    devices: parts.pipeline?.status?.devices ?? [],
    senders: {
      known: parts.pipeline?.status?.senders.known ?? 0,
      pending: parts.pipeline?.status?.senders.pending ?? 0,
      storeOnly: parts.pipeline?.status?.senders.storeOnly ?? false,
    },
    relay: relayNote(parts.pipeline?.status?.relay ?? null),
    logStore: {
      isReady: parts.logs?.isReady ?? false,
      note: parts.logs?.note ?? 'not started yet',
      records: parts.logs?.records ?? null,
      waitingSegments: parts.pipeline?.status?.segments['waitingSegments'] ?? 0,
    },
    certificate: {
      source: served.source,
      daysLeft: certificate.daysLeft(),
      notAfterMs: served.notAfterMs,
      fingerprint: served.fingerprint,
    },
    fetchers: fetches.fetchers(),
    findings: alarms.active(),
  }
}

function inputHealth(input: InputStatus, perSecond: number): InputHealth {
  const { counters } = input
  const lost = LOSSES.map((name) => counters[name]).filter((count) => count !== undefined)
  return {
    name: input.name,
    address: input.address,
    received: counters['received'] ?? counters['lines'] ?? 0,
    perSecond,
    lost: lost.reduce((sum, count) => sum + count, 0),
    note: input.findings.map(({ message }) => message).join(' '),
  }
}

function relayNote(relay: RelayStatus | null): string | null {
  if (relay === null) return null
  const lost = relay.shedLines + relay.failedLines
  const reason = relay.reason === '' ? '' : ` (${relay.reason})`
  return `${relay.to} ${relay.state}${reason}: ${relay.sentLines} lines sent, ${relay.waitingLines} wait, ${lost} not relayed`
}

function sendersView({ pipeline }: Parts): StatusView['senders'] {
  const senders = pipeline?.status?.senders
  return {
    known: senders?.known ?? 0,
    pending: senders?.pending ?? 0,
    pendingLines: senders?.pendingLines ?? 0,
    forgotten: senders?.forgotten ?? 0,
    unknown: senders?.storeOnly === true ? 'store' : 'use',
    list: (senders?.list ?? []).map(({ firstSeenAtMs, lastSeenAtMs, ...sender }) => ({
      ...sender,
      firstSeenAt: iso(firstSeenAtMs),
      lastSeenAt: iso(lastSeenAtMs),
    })),
  }
}

export function statusView(parts: Parts): StatusView {
  const { decider, list, pipeline, fetches } = parts
  const flags = decider?.engine.flags
  const counters = decider?.counters()
  const lastFetch = fetches.fetchers()[0]
  const { snapshot } = list
  return {
    version: parts.version,
    processId: process.pid,
    startedAt: iso(parts.startedAtMs),
    dataFolder: parts.dataFolder,
    engine: {
      on: flags?.on ?? true,
      changedAt: isoOrNull(flags?.onChangedAtMs || null),
      changedBy: flags?.onChangedBy || null,
      reason: flags?.onReason || null,
    },
    freeze: {
      frozen: flags?.frozen ?? false,
      changedAt: isoOrNull(flags?.frozenChangedAtMs || null),
      changedBy: flags?.frozenChangedBy || null,
      reason: flags?.frozenReason || null,
    },
    inputs: (pipeline?.inputs ?? []).map(({ name, address, counters: numbers, findings }) => ({
      name,
      address,
      counters: { ...numbers },
      findings: [...findings],
    })),
    parser: { ...pipeline?.status?.parser },
    detector: { ...pipeline?.status?.detector, ...guardCounters(parts) },
    store: {
      state: parts.logs?.note ?? 'not started yet',
      counters: { ...pipeline?.status?.segments, logStoreRestarts: parts.logs?.restarts ?? 0 },
    },
    list: {
      url: parts.listUrls()[0] ?? null,
      entries: snapshot.entries,
      changedAt: snapshot.revision === 0 ? null : iso(snapshot.madeAtMs),
      lastFetchedAt: isoOrNull(lastFetch?.lastMs ?? null),
      lastFetchedBy: lastFetch?.address ?? null,
    },
    decisions: {
      blocked: counters?.blocks ?? 0,
      held: counters?.holds ?? 0,
      shadow: counters?.shadows ?? 0,
      allowed: decider?.allow.list().length ?? 0,
    },
    devices: (pipeline?.status?.devices ?? []).map(({ lastSeenAtMs, ...device }) => ({
      ...device,
      lastSeenAt: iso(lastSeenAtMs),
    })),
    senders: sendersView(parts),
    relay: pipeline?.status?.relay ?? null,
    losses: [...(pipeline?.status?.losses ?? [])],
    unknownLines: [...(pipeline?.status?.unknownLines ?? [])],
    findings: parts.alarms.active().map(({ code, message, mend }) => ({ code, message, mend })),
  }
}

/** What the guards of decisions have spared and asked, beside those of detection. */
function guardCounters({ peers, signedIn, decider }: Parts): Record<string, number> {
  return {
    sparedKnownPeers: decider?.counters().peersHeld ?? 0,
    sparedAdministrators: signedIn.spared,
    peersAsked: peers.counters.asked,
    peersFound: peers.counters.peers,
    peersNotAsked: peers.counters.notAsked,
  }
}
