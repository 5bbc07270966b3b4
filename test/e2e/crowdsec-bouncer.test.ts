/**
 * The real crowdsec-firewall-bouncer of Debian enforces our decisions: it and the service run in a network namespace of
 * their own, so that nothing of this machine is touched. What it blocks is read from its nftables and ipset sets.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, type TestContext, test } from 'node:test'
import {
  killIfThere,
  logStoresOf,
  type Program,
  ROOT,
  runProgram,
  type ServiceProcess,
  serviceOf,
  setArguments,
} from './child-service.ts'
import { atEnd, scan, temporaryFolder, until } from './harness.ts'

const BOUNCER = '/usr/bin/crowdsec-firewall-bouncer'
const INSTALL_LIMIT_MS = 180_000
/** Where bouncers ask unless told otherwise; free in a namespace of our own. */
const LISTEN = '127.0.0.1:8080'
const isRoot = process.getuid?.() === 0

/** Why it cannot be run here; null when it can. */
let obstacle: string | null = null

describe('the real crowdsec-firewall-bouncer', () => {
  before(() => {
    if (!existsSync(BOUNCER)) install()
    obstacle = findObstacle()
    if (obstacle !== null && process.env['CI'] === 'true')
      assert.fail(`CI has to run the bouncer of CrowdSec: ${obstacle}`)
  })

  test('nftables: a block comes within a poll, a lift goes, a second decision for the address lifts nothing', async (t) => {
    if (isMissing(t)) return
    const world = await World.begin(t)
    await world.block('198.51.100.7')
    await world.startBouncer(nftablesConfiguration)
    const sets = (): string[] => world.nftElements()
    await until('what is blocked already is in the set', () => sets().includes('198.51.100.7'))

    await world.block('198.51.100.9')
    await world.block('2001:db8::9')
    await until('a new block is in the set', () => sets().includes('198.51.100.9'))
    await until('IPv6 too', () =>
      world.nftElements('ip6 crowdsec6 crowdsec6-blacklists').includes('2001:db8::9'),
    )

    await world.sendLines(scan('198.51.100.20', 11))
    await until("a detector's block is in the set", () => sets().includes('198.51.100.20'))
    await world.block('198.51.100.20') // takes the place of the detector's
    await world.afterPulls(3)
    assert.ok(sets().includes('198.51.100.20'), 'the end of the first decision has not lifted the second')

    await world.lift('198.51.100.20')
    await until('a lift leaves the set', () => !sets().includes('198.51.100.20'))
    assert.deepEqual(sets().toSorted(), ['198.51.100.7', '198.51.100.9'])

    await world.restartService()
    await world.lift('198.51.100.9')
    await until('a lift after a restart leaves the set', () => !sets().includes('198.51.100.9'))
    assert.deepEqual(sets(), ['198.51.100.7'])
    const { bouncer } = await world.service.control.call('showBouncer', { name: 'fw' })
    assert.equal(bouncer.uses.length, 1)
    assert.equal(bouncer.uses[0]?.agent, 'crowdsec-firewall-bouncer')
    assert.equal(bouncer.uses[0]?.address, '127.0.0.1')
  })

  test('ipset: networks come too, and with single addresses only they stay away', async (t) => {
    if (isMissing(t)) return
    const world = await World.begin(t)
    world.run('ipset create crowdsec-blacklists hash:net timeout 300')
    world.run('ipset create crowdsec6-blacklists hash:net family inet6 timeout 300')
    await world.block('198.51.100.7')
    await world.block('192.0.2.64/26')
    const first = await world.startBouncer(ipsetConfiguration)
    await until('both are in the set', () => world.ipsetElements().length === 2)
    assert.deepEqual(world.ipsetElements().toSorted(), ['192.0.2.64/26', '198.51.100.7'])
    await world.lift('192.0.2.64/26')
    await until('the network has left', () => world.ipsetElements().length === 1)
    first.signal('SIGTERM')
    await first.exited

    await world.block('192.0.2.64/26')
    world.run('ipset flush crowdsec-blacklists')
    await world.startBouncer(ipsetConfiguration, { name: 'hosts', hostsOnly: true })
    await until('the address is in the set', () => world.ipsetElements().includes('198.51.100.7'))
    await world.afterPulls(2, 'hosts')
    assert.deepEqual(world.ipsetElements(), ['198.51.100.7'])
  })
})

type Configuration = (key: string) => string

/** A network namespace with the service in it. */
class World {
  readonly folder: string
  readonly #t: TestContext
  readonly #inside: readonly string[]
  service!: ServiceProcess
  #bouncers = 0

  private constructor(t: TestContext, folder: string, holder: Program) {
    this.#t = t
    this.folder = folder
    const enter = isRoot ? ['-n'] : ['-U', '-n', '--preserve-credentials']
    this.#inside = ['-t', String(holder.processId), ...enter, '--']
  }

  static async begin(t: TestContext): Promise<World> {
    const folder = await temporaryFolder(t)
    const namespaces = isRoot ? ['-n'] : ['-r', '-n']
    const script = 'ip link set lo up && echo up && exec sleep 600'
    const holder = runProgram(t, 'unshare', [...namespaces, 'sh', '-c', script], withSystemPath)
    await until('the namespace is up', () => {
      assert.equal(holder.child.exitCode, null, holder.stderr())
      return holder.stdout() === 'up\n'
    })
    const world = new World(t, folder, holder)
    await mkdir(join(folder, 'Firewall'))
    await world.#startService()
    return world
  }

  async #startService(): Promise<void> {
    const dataFolder = join(this.folder, 'data')
    await mkdir(dataFolder, { recursive: true })
    const sets = [`files.watch=${join(this.folder, 'Firewall')}/*.log`, `crowdsec.listen=${LISTEN}`]
    const args = [join(ROOT, 'src/main.ts'), 'run', '--data', dataFolder, ...setArguments(sets)]
    // Registered before the program: runs after it was ended.
    atEnd(this.#t, async () => {
      for (const processId of await logStoresOf(dataFolder)) killIfThere(processId)
    })
    const program = runProgram(this.#t, 'nsenter', [...this.#inside, process.execPath, ...args])
    this.service = serviceOf(program, dataFolder)
    await this.service.ready()
  }

  async restartService(): Promise<void> {
    await this.service.end('SIGTERM')
    await this.#startService()
  }

  async startBouncer(
    configuration: Configuration,
    wanted: { name: string; hostsOnly: boolean } = { name: 'fw', hostsOnly: false },
  ): Promise<Program> {
    const { key } = await this.service.control.call('addBouncer', { ...wanted, sources: [], note: '' })
    const path = join(this.folder, `bouncer-${++this.#bouncers}.yaml`)
    await writeFile(path, configuration(key ?? ''))
    return runProgram(this.#t, 'nsenter', [...this.#inside, BOUNCER, '-c', path], withSystemPath)
  }

  async block(target: string): Promise<void> {
    const change = { targets: [target], reason: 'test', dryRun: false, until: null }
    const { results } = await this.service.control.call('addBlocks', change)
    assert.equal(results[0]?.outcome, 'done', results[0]?.message)
  }

  async lift(target: string): Promise<void> {
    const change = { targets: [target], reason: 'test', dryRun: false }
    const { results } = await this.service.control.call('removeBlocks', change)
    assert.equal(results[0]?.outcome, 'done', results[0]?.message)
  }

  async sendLines(lines: readonly string[]): Promise<void> {
    await appendFile(
      join(this.folder, 'Firewall', 'edge-fw-1.log'),
      lines.map((line) => `${line}\n`).join(''),
    )
  }

  /** Waits until the bouncer has fetched so many times more. */
  async afterPulls(count: number, name = 'fw'): Promise<void> {
    const pulls = async (): Promise<number> => {
      const { bouncer } = await this.service.control.call('showBouncer', { name })
      return bouncer.uses.reduce((sum, use) => sum + use.pulls, 0)
    }
    const before = await pulls()
    await until('the bouncer fetches', async () => (await pulls()) >= before + count)
  }

  /** Runs a command of a few words inside and answers what it printed. */
  run(command: string): string {
    const done = spawnSync('nsenter', [...this.#inside, ...command.split(' ')], {
      encoding: 'utf8',
      env: withSystemPath.environment,
      timeout: 10_000,
    })
    assert.equal(done.status, 0, `${command}: ${done.stderr}`)
    return done.stdout
  }

  /** Addresses in the bouncer's set; none while there is no set yet. */
  nftElements(set = 'ip crowdsec crowdsec-blacklists'): string[] {
    if (!this.run('nft list sets').includes(set.split(' ').at(-1) ?? '')) return []
    const { nftables } = JSON.parse(this.run(`nft -j list set ${set}`)) as {
      nftables: { set?: { elem?: (string | { elem: { val: string } })[] } }[]
    }
    const elements = nftables.find((each) => each.set !== undefined)?.set?.elem ?? []
    return elements.map((element) => (typeof element === 'string' ? element : element.elem.val))
  }

  ipsetElements(): string[] {
    const rows = this.run('ipset list crowdsec-blacklists').split('Members:\n')[1] ?? ''
    return rows.split('\n').flatMap((row) => (row === '' ? [] : [row.split(' ', 1)[0] ?? '']))
  }
}

const withSystemPath = {
  environment: { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin:/usr/bin:/bin` },
}

const common = (key: string): string => `update_frequency: 1s
daemonize: false
log_mode: stdout
log_level: debug
api_url: http://${LISTEN}/
api_key: ${key}
insecure_skip_verify: false
disable_ipv6: false
deny_action: DROP
deny_log: false
supported_decisions_types:
  - ban
blacklists_ipv4: crowdsec-blacklists
blacklists_ipv6: crowdsec6-blacklists
prometheus:
  enabled: false
`

const nftablesConfiguration: Configuration = (key) => `mode: nftables
${common(key)}nftables:
  ipv4:
    enabled: true
    set-only: false
    table: crowdsec
    chain: crowdsec-chain
  ipv6:
    enabled: true
    set-only: false
    table: crowdsec6
    chain: crowdsec6-chain
`

const ipsetConfiguration: Configuration = (key) => `mode: ipset
${common(key)}ipset_type: nethash
`

function isMissing(t: TestContext): boolean {
  if (obstacle !== null) t.skip(obstacle)
  return obstacle !== null
}

function findObstacle(): string | null {
  if (!existsSync(BOUNCER))
    return 'it is not installed and cannot be: apt-get install crowdsec-firewall-bouncer, then run this again'
  const args = [...(isRoot ? ['-n'] : ['-r', '-n']), 'sh', '-c', 'nft list ruleset && ipset list -name']
  const run = spawnSync('unshare', args, {
    encoding: 'utf8',
    env: withSystemPath.environment,
    timeout: 10_000,
  })
  if (run.error !== undefined) return `unshare cannot be run: ${run.error.message}`
  return run.status === 0 ? null : `no namespace with nft and ipset can be had: ${run.stderr.slice(0, 300)}`
}

/** Installs Debian's packages where we may. */
function install(): void {
  if (!isRoot || !existsSync('/usr/bin/apt-get')) return
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const options = { env: environment, stdio: 'ignore', timeout: INSTALL_LIMIT_MS } as const
  spawnSync('apt-get', ['update', '-qq'], options)
  const packages = ['crowdsec-firewall-bouncer', 'nftables', 'ipset', 'iproute2']
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], options)
}
