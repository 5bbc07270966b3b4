import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { BacktestRow } from '../api/backtest-contract.ts'
import { FakeService } from './testing-service.ts'

const service = new FakeService()
after(() => service.end())

const outcome = {
  rule: 'port-scan',
  detectedAt: '2026-11-21T08:00:00.000Z',
  count: 11,
  threshold: 10,
  windowSeconds: 600,
  proof: 'spoofable',
  device: 'edge-fw-1',
  verdict: 'block',
  reason: 'touched 11 ports of 203.0.113.10',
} as const
const side = {
  detections: 3,
  verdicts: { block: 2, hold: 0, refuse: 1, none: 0 },
  rules: [{ rule: 'port-scan', detections: 3, sources: 3 }],
  evictions: 0,
  notJudged: 0,
} as const
const group = { sources: 1, refused: 0, held: 0, withSessions: 1 }

const ROWS: BacktestRow[] = [
  { kind: 'progress', records: 500, total: 1000, percent: 50, detections: 1 },
  {
    kind: 'source',
    source: '198.51.100.7',
    group: 'lost',
    today: outcome,
    changed: null,
    completedSessions: 4,
  },
  {
    kind: 'summary',
    from: '2026-11-15T08:30:00.000Z',
    to: '2026-11-22T08:30:00.000Z',
    records: 1000,
    warmUpRecords: 10,
    examined: 100,
    seconds: 0.5,
    recordsPerSecond: 2020,
    changes: [{ key: 'detection.portScan.ports', today: '10', changed: '20' }],
    leftOut: ['slow-scan'],
    today: { ...side, rules: [...side.rules] },
    changed: { ...side, detections: 2, rules: [] },
    gained: { ...group, sources: 0, withSessions: 0 },
    lost: group,
    both: group,
    curve: { key: 'detection.portScan.ports', points: [{ value: 5, sources: 9, refused: 1, internal: 2 }] },
    notes: [],
  },
]

test('backtest asks for the range and the settings to compare, and tells who is lost and why', async () => {
  await service.serve({ backtest: () => ROWS })
  const { code, out } = await service.run([
    'backtest',
    '--last',
    '7d',
    '--set',
    'detection.portScan.ports=20',
    '--curve',
    'detection.portScan.ports=5..50',
  ])
  assert.equal(code, 0)
  assert.deepEqual(service.asked.at(-1)?.[1], {
    from: '2026-11-15T08:30:00.000Z',
    to: '2026-11-22T08:30:00.000Z',
    changes: { 'detection.portScan.ports': '20' },
    allRules: false,
    curve: { key: 'detection.portScan.ports', first: 5, last: 50 },
  })
  assert.match(out, /detection\.portScan\.ports: today 10, changed 20/)
  assert.match(out, /under today's settings only: 1 \(0 allowlisted or protected, 1 with completed sessions/)
  assert.match(out, /198\.51\.100\.7 +port-scan .* 4 +touched 11 ports/)
  assert.match(out, /in shadow and unchanged: slow-scan/)
  assert.match(out, /5 +9 +1 +2 +#+/)
})

test('backtest --json prints the rows as they come; --lines fetches those of the sources that differ', async () => {
  await service.serve({ backtest: () => ROWS, backtestLines: () => ({ lines: ['a line \u001b[31m'] }) })
  const json = await service.run(['backtest', '--json', '--set', 'detection.portScan.ports=20'])
  assert.deepEqual(
    json.out
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as BacktestRow).kind),
    ['progress', 'source', 'summary'],
  )
  const { out } = await service.run(['backtest', '--lines', '--set', 'detection.portScan.ports=20'])
  assert.match(out, /Lines of 198\.51\.100\.7/)
  assert.equal(out.includes('\u001b'), false)
  assert.deepEqual(service.asked.at(-1)?.[1], {
    source: '198.51.100.7',
    from: '2026-11-21T07:50:00.000Z',
    to: '2026-11-21T08:00:01.000Z',
  })
})

test('backtest refuses what it cannot compare', async () => {
  await service.serve({ backtest: () => ROWS })
  const cases: [string[], RegExp][] = [
    [[], /say what to compare/],
    [['--set', 'ports'], /KEY=VALUE/],
    [['--curve', 'detection.portScan.ports=50..5'], /FIRST\.\.LAST/],
    [['--set', 'detection.portScan.ports=20', '--from', 'tomorrow'], /ends before it begins|--from/],
    [['--set', 'web.listen=:443'], /a backtest can change settings of detection/],
  ]
  for (const [argv, expected] of cases) {
    const { code, err } = await service.run(['backtest', ...argv])
    assert.equal(code, 2, argv.join(' '))
    assert.match(err, expected)
  }
})
