/** What the tests of notifications share: notices and batches with defaults. */
import type { Batch, BlockFacts, Notice } from './notice.ts'
import type { Recipient } from './recipient.ts'

export const NOW_MS = Date.UTC(2026, 10, 22, 12)

export function blockFactsOf(changes: Partial<BlockFacts> = {}): BlockFacts {
  return {
    target: '198.51.100.7',
    sourceAddress: '198.51.100.7',
    origin: 'detector',
    rule: 'port-scan',
    originalName: 'Port Scan Attack v1',
    technique: 'T1595.001',
    proof: 'handshake',
    severity: null,
    count: 11,
    threshold: 10,
    windowSeconds: 600,
    country: 'Testland',
    owner: 'AS64500 Example Net',
    reached: ['203.0.113.10'],
    firstSeenAt: '2026-11-22T11:59:00.000Z',
    lastSeenAt: '2026-11-22T12:00:00.000Z',
    expiresAt: null,
    device: 'fw-1',
    by: 'system',
    ...changes,
  }
}

let made = 0

export function noticeOf(changes: Partial<Notice> = {}): Notice {
  made++
  return {
    id: `00000000-0000-7000-8000-${String(made).padStart(12, '0')}`,
    topic: 'block',
    severity: 'info',
    atMs: NOW_MS,
    subject: '198.51.100.7',
    title: '198.51.100.7 blocked (port-scan)',
    sentences: ['It reached 11 ports of 203.0.113.10 within 10 minutes (more than 10 allowed).'],
    facts: [['Country and network', 'Testland']],
    lines: ['SrcIP=198.51.100.7; DstPort=1000'],
    link: 'https://192.0.2.1:8443/ip/198.51.100.7',
    block: blockFactsOf(),
    ...changes,
  }
}

export const alarmOf = (changes: Partial<Notice> = {}): Notice =>
  noticeOf({
    topic: 'alarm',
    severity: 'warning',
    subject: 'disk-filling',
    title: 'The disk fills',
    block: null,
    lines: [],
    ...changes,
  })

export const batchOf = (notices: readonly Notice[], more: Batch['more'] = {}): Batch => ({
  id: '01996c3e-0000-7000-8000-000000000001',
  atMs: NOW_MS,
  notices,
  more,
})

export function recipientOf(changes: Partial<Recipient> = {}): Recipient {
  return {
    id: 'soc',
    enabled: true,
    to: { channel: 'mail', address: 'soc@example.com' },
    topics: ['block', 'held', 'lift', 'alarm', 'report'],
    severity: 'warning',
    quiet: null,
    digestMinutes: 5,
    perHour: 10,
    lines: 10,
    ...changes,
  }
}
