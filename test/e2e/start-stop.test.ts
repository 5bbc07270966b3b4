/** What a person types and reads: start, stop, the commands against a running service, and every way to start wrongly. */
import assert from 'node:assert/strict'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { type Exit, LAUNCHER, runNode, setArguments, startLauncher } from './child-service.ts'
import { atEnd, scan, temporaryFolder, until } from './harness.ts'

const START_LIMIT_MS = 60_000
/** The promise of `--demo`. */
const DEMO_LIMIT_MS = 60_000
/** The promise; the service gives up by itself then, and says so by its exit code. */
const STOP_LIMIT_MS = 10_000

interface Typed extends Exit {
  readonly stdout: string
  readonly stderr: string
}

describe('start and stop', () => {
  test('npm start tells where it listens and what to do next; the commands work on it; Ctrl-C ends it', async (t) => {
    const dataFolder = join(await temporaryFolder(t), 'data')
    const service = await startLauncher(t, { dataFolder })
    await service.ready()
    await until('it says that it runs', () => service.stdout().includes('Ctrl-C stops it'), START_LIMIT_MS)
    const told = service.stdout()
    assert.match(told, /Opening the state \.\.\.\n.*Opening the syslog ports \.\.\./s, 'progress comes first')
    assert.match(told, /Active Defense Syslog \S+ is running\./)
    assert.match(told, /Syslog over UDP +127\.0\.0\.1:\d+\n/)
    assert.match(told, /Syslog over TCP +127\.0\.0\.1:\d+\n/)
    const list = /Block list +(https:\/\/127\.0\.0\.1:\d+\/files\/blacklist\.txt) +\(0 entries\)/.exec(
      told,
    )?.[1]
    assert.ok(list !== undefined, told)
    assert.match(told, /Page +https:\/\/127\.0\.0\.1:\d+\/\n/)
    assert.ok(told.includes(`Data              ${dataFolder}\n`), told)
    assert.match(told, /Setup code +\S+ +\(once, within 30 minutes/)
    assert.ok(
      told.includes(`External Dynamic Lists: type IP List, source ${list}`),
      'next steps name the list',
    )
    assert.doesNotMatch(service.stderr(), /installing packages/)
    assert.deepEqual(await service.list(), ['192.0.2.255'])

    await commandsWork(t, dataFolder, await service.portOf('udp'))

    const beganMs = performance.now()
    const exit = await service.end('SIGINT')
    const seconds = (performance.now() - beganMs) / 1000
    t.diagnostic(`stopped within ${seconds.toFixed(1)} s`)
    assert.deepEqual(exit, { code: 0, signal: null })
    assert.match(service.stdout(), /SIGINT: stopping \.\.\./)
    assert.ok(seconds < STOP_LIMIT_MS / 1000, `it took ${seconds} s to stop`)
    const gone = await type(t, ['status', '--data', dataFolder])
    assert.equal(gone.code, 4)
    assert.match(
      gone.stderr,
      /^active-defense: no service answers in the data folder .*is the service running/,
    )
  })

  test('a second instance, taken ports and bad settings are refused with one line that says what to do', async (t) => {
    const dataFolder = join(await temporaryFolder(t), 'data')
    const service = await startLauncher(t, { dataFolder })
    await service.ready()
    const second = await type(t, ['run', '--data', dataFolder, ...setArguments([])])
    assert.equal(second.code, 1)
    const main = (await service.status()).processId
    assert.match(second.stderr, lineWith(`another service \\(process ${main}\\) is running on .*--data`))
    assert.deepEqual(await service.list(), ['192.0.2.255'], 'the first goes on')

    const udp = await takenUdp(t)
    const tcp = await takenTcp(t)
    const taken = [
      {
        set: `syslog.udp.listen=127.0.0.1:${udp}`,
        what: `syslog on udp 127.0.0.1:${udp}`,
        mend: 'syslog.udp.listen',
      },
      {
        set: `syslog.tcp.listen=127.0.0.1:${tcp}`,
        what: `syslog on tcp 127.0.0.1:${tcp}`,
        mend: 'syslog.tcp.listen',
      },
      { set: `web.listen=127.0.0.1:${tcp}`, what: `HTTPS on tcp 127.0.0.1:${tcp}`, mend: 'web.listen' },
    ]
    for (const { set, what, mend } of taken) {
      const other = await type(t, ['run', '--data', join(dataFolder, '../other'), ...setArguments([set])])
      assert.equal(other.code, 1, set)
      const text = `cannot listen for ${what}: the port is taken by node \\(process ${process.pid}\\)\\. .*--set ${mend}=:PORT\\.`
      assert.match(other.stderr, lineWith(text))
    }

    const bad = await type(t, [
      'run',
      '--data',
      join(dataFolder, '../other'),
      '--set',
      'detection.portScan.ports=many',
    ])
    assert.equal(bad.code, 3)
    assert.match(bad.stderr, lineWith('.*detection\\.portScan\\.ports.*'))
    const unknown = await type(t, [
      'run',
      '--data',
      join(dataFolder, '../other'),
      '--set',
      'detection.portscan.port=5',
    ])
    assert.equal(unknown.code, 3)
    assert.match(unknown.stderr, lineWith('.*detection\\.portscan\\.port.*detection\\.portScan\\.ports.*'))
    assert.equal((await type(t, ['run', '--nonsense'])).code, 2)
  })

  test('the demo blocks somebody within a minute', async (t) => {
    const dataFolder = join(await temporaryFolder(t), 'data')
    const beganMs = performance.now()
    const service = await startLauncher(t, { dataFolder, arguments: ['--demo'] })
    await service.ready()
    assert.match(service.stdout(), /Demo: two made-up firewalls/)
    await until('somebody is blocked', async () => (await service.list())[0] !== '192.0.2.255', DEMO_LIMIT_MS)
    t.diagnostic(`first block ${((performance.now() - beganMs) / 1000).toFixed(1)} s after npm start`)
    const [address] = await service.list()
    const told = await type(t, ['explain', address ?? '', '--data', dataFolder])
    assert.equal(told.code, 0)
    assert.match(told.stdout, /is blocked/)
    assert.deepEqual(await service.end('SIGTERM'), { code: 0, signal: null })
  })
})

/** The commands of an operator, each a process of its own, as typed. */
async function commandsWork(t: TestContext, dataFolder: string, udpPort: number): Promise<void> {
  const at = ['--data', dataFolder]
  const ok = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await type(t, [...args, ...at])
    assert.equal(code, 0, `${args.join(' ')}: ${stderr}`)
    return stdout
  }
  await send(udpPort, scan('198.51.100.170', 11))
  await until('the scanner is blocked', async () => (await ok('blocks', 'list')).includes('198.51.100.170'))
  const status = await ok('status')
  assert.match(status, /^Active Defense Syslog .* process \d+, data in /)
  assert.match(status, /blocks: 1 blocked, 0 held for review/)
  await until('it counts the lines', async () =>
    /udp 127\.0\.0\.1:\d+: received 11\b/.test(await ok('status')),
  )
  assert.equal((JSON.parse(await ok('status', '--json')) as { list: { entries: number } }).list.entries, 1)

  assert.match(await ok('explain', '198.51.100.170'), /11 ports of 203\.0\.113\.10.*SrcIP=198\.51\.100\.170/s)
  assert.match(await ok('explain', '198.51.100.171'), /198\.51\.100\.171/)

  assert.match(
    await ok('blocks', 'add', '198.51.100.172', '198.51.100.192/26', '--reason', 'seen elsewhere'),
    /done/,
  )
  const refused = await type(t, ['blocks', 'add', '8.8.8.8', '--reason', 'a mistake', ...at])
  assert.equal(refused.code, 7, 'unsafe')
  assert.match(refused.stdout, /8\.8\.8\.8 +refused/)
  assert.equal((await type(t, ['blocks', 'add', '198.51.100.173', ...at])).code, 2, 'a reason is required')
  const rows = (await ok('blocks', 'list', '--json'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { target: string; origin: string })
  assert.deepEqual(rows.map(({ target, origin }) => `${target} ${origin}`).toSorted(), [
    '198.51.100.170 detector',
    '198.51.100.172 manual',
    '198.51.100.192/26 manual',
  ])

  await ok('freeze', '--reason', 'change window')
  await send(udpPort, scan('198.51.100.174', 11))
  await until('it is held', async () => (await ok('blocks', 'list', '--held')).includes('198.51.100.174'))
  assert.match(await ok('status'), /list: FROZEN .*change window/)
  await ok('unfreeze', '--reason', 'over')

  const asked = await type(t, ['withdraw', '--rule', 'Port Scan Attack v1', ...at])
  assert.equal(asked.code, 7, 'nobody can be asked')
  assert.match(await ok('withdraw', '--rule', 'Port Scan Attack v1', '--dry-run'), /would lift/)
  assert.match(
    await ok('withdraw', '--rule', 'Port Scan Attack v1', '--reason', 'too low', '--yes'),
    /lifted .*198\.51\.100\.170/s,
  )
  assert.match(await ok('explain', '198.51.100.170'), /too low/)
  assert.doesNotMatch(await ok('blocks', 'list'), /198\.51\.100\.170/)
}

/** Runs one command line through the launcher, as `npm run -s cli --` does. */
async function type(t: TestContext, args: readonly string[]): Promise<Typed> {
  const program = runNode(t, [LAUNCHER, ...args])
  const exit = await program.exited
  return { ...exit, stdout: program.stdout(), stderr: program.stderr() }
}

/** One line on stderr among the service's own log lines, which are JSON. */
function lineWith(text: string): RegExp {
  return new RegExp(`^active-defense: ${text}$`, 'm')
}

async function send(port: number, lines: readonly string[]): Promise<void> {
  const socket = createSocket('udp4')
  for (const line of lines)
    await new Promise<void>((resolve, reject) => {
      socket.send(line, port, '127.0.0.1', (error) => (error === null ? resolve() : reject(error)))
    })
  socket.close()
}

async function takenUdp(t: TestContext): Promise<number> {
  const socket: Socket = createSocket('udp4')
  atEnd(t, () => void socket.close())
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return socket.address().port
}

async function takenTcp(t: TestContext): Promise<number> {
  const server = createServer()
  atEnd(t, () => void server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
