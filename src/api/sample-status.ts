/** A status with something in every corner, hostile names included: for the tests of the page and of the server. */
import type { ServiceStatus } from './health.ts'

export const HOSTILE = `<img src=x onerror=alert(1)>"'&\u202e\u001b]0;x\u0007`

const NOW_MS = Date.UTC(2026, 0, 31, 12)

const INPUTS: ServiceStatus['inputs'] = [
  {
    name: 'udp',
    address: '*:5514',
    received: 1_234_567,
    perSecond: 1523.4,
    lost: 17,
    note: 'The socket buffer is small.',
  },
  { name: 'tcp', address: '*:5514', received: 0, perSecond: 0, lost: 0, note: '' },
  {
    name: 'file',
    address: '/var/log/Firewall/*.log',
    received: 42,
    perSecond: 0.2,
    lost: null,
    note: '',
  },
]

const DEVICES: ServiceStatus['devices'] = [
  {
    device: HOSTILE,
    lastSeenAtMs: NOW_MS - 1000,
    records: 99_000,
    unparsed: 3,
    clockOffsetMs: -7_200_000,
    clockInsane: false,
    timeZone: null,
  },
  {
    device: 'FW-02',
    lastSeenAtMs: NOW_MS - 90_000,
    records: 10,
    unparsed: 0,
    clockOffsetMs: 315_360_000_000,
    clockInsane: true,
    timeZone: 'Europe/Berlin',
  },
]

const FETCHERS: ServiceStatus['fetchers'] = [
  {
    address: '192.0.2.20',
    userAgent: HOSTILE,
    firstMs: NOW_MS - 900_000,
    lastMs: NOW_MS - 100_000,
    fetches: 3,
    incomplete: 0,
    lastRevision: 811,
    lastStatus: 200,
    recent: [],
  },
]

export function sampleStatus(): ServiceStatus {
  const nowMs = NOW_MS
  return {
    version: '0.1.0',
    nowMs,
    startedAtMs: nowMs - 93_784_000,
    components: [
      { name: 'list', isReady: true, reason: 'Revision 812 is served.' },
      { name: 'log-store', isReady: false, reason: 'It is being restarted; segments wait on disk.' },
    ],
    engine: { state: 'on', sinceMs: nowMs - 3_600_000, note: 'Switched on by admin.' },
    list: {
      urls: [
        'https://192.0.2.10:8443/files/blacklist.txt',
        'https://192.0.2.11:8443/files/blacklist.txt',
        'https://ads.example:8443/files/blacklist.txt',
      ],
      entries: 12_345,
      refused: 2,
      revision: 812,
      madeAtMs: nowMs - 40_000,
      origin: 'decisions',
    },
    activeBlocks: 12_347,
    heldBlocks: 7,
    recentBlocks: [
      {
        target: '198.51.100.7',
        rule: 'port-scan',
        originalName: 'Port Scan Attack v1',
        reason: `11 ports of 203.0.113.5 within 10 minutes, reported by ${HOSTILE}.`,
        createdAtMs: nowMs - 5000,
        expiresAtMs: nowMs + 30 * 86_400_000,
      },
      {
        target: '2001:db8:7::/64',
        rule: 'manual',
        originalName: 'User Added',
        reason: HOSTILE,
        createdAtMs: nowMs - 500_000,
        expiresAtMs: null,
      },
    ],
    inputs: INPUTS,
    devices: DEVICES,
    senders: { known: 2, pending: 3, storeOnly: false },
    relay: `udp://${HOSTILE}:514 connected: 5 lines sent, 0 wait, 0 not relayed`,
    logStore: { isReady: false, note: 'Embedded engine.', records: 1_000_000, waitingSegments: 3 },
    certificate: {
      source: 'made',
      daysLeft: 396,
      notAfterMs: nowMs + 396 * 86_400_000,
      fingerprint: 'AB:CD:EF',
    },
    fetchers: FETCHERS,
    findings: [
      {
        code: 'rmem-max-small',
        severity: 'warning',
        message: 'The kernel grants 212,992 bytes of the 16,777,216 asked for the UDP socket.',
        mend: 'sysctl -w net.core.rmem_max=16777216',
        sinceMs: nowMs - 60_000,
        count: 2,
      },
    ],
  }
}
