#!/usr/bin/env node
/**
 * Starts everything: `npm start`, `npm test`, the command line and the habits of the house. Plain JavaScript that any
 * Node from 20 runs, without packages, because its first duty is to bring the packages: when node_modules does not fit
 * package-lock.json it runs `npm ci`. Then it finds Node 24 (which npm brought as a package) and runs the real program
 * with it, passing terminal, signals and exit code through.
 *
 *   launch.mjs :test [fast] [files or node --test options]
 *   launch.mjs :check   :bench   :bench:detection   :bench:web   :screenshots   :dev   :format   :docs
 *   launch.mjs ANYTHING ELSE                                  goes to the command line (src/main.ts)
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const NEEDED_NODE_MAJOR = 24
/** Written beside the packages when they fit: the hash of the lock file and the scope. npm ci removes it first. */
const STAMP = '.active-defense-stamp.json'
const WEB_STAMP = '.stamp'
/** Two test files at a time: tests start whole services, and a machine may have only two cores. */
const TEST_CONCURRENCY = 2
const OUTPUT_LIMIT_CHARACTERS = 200_000
/** Another launch may be installing; npm needs a minute or two. */
const INSTALL_WAIT_MS = 15 * 60_000

const TASKS = 'test check bench bench:detection bench:web screenshots dev format docs'.split(' ')
/** These need no packages for developers. */
const RUN_TASKS = ['bench', 'bench:detection', 'dev']

/** @typedef {'run' | 'dev'} Scope `run`: what the service needs; `dev`: tests and lint as well. */

// --- pure parts, tested in test/launch.test.ts ---

/** @param {readonly string[]} args */
export function taskOf(args) {
  const [first = '', ...rest] = args
  if (!first.startsWith(':')) return { task: 'cli', scope: 'run', args: [...args] }
  const task = first.slice(1)
  return {
    task: TASKS.includes(task) ? task : 'unknown',
    scope: RUN_TASKS.includes(task) ? 'run' : 'dev',
    args: rest,
  }
}

/** Whether a stamp says that the packages fit this lock file, for this scope. @param {string} text @param {string} lockHash @param {Scope} scope */
export function stampFits(text, lockHash, scope) {
  try {
    const stamp = JSON.parse(text)
    return stamp.lockHash === lockHash && (stamp.scope === 'dev' || stamp.scope === scope)
  } catch {
    return false // a stamp cut short is no stamp
  }
}

/**
 * The widest scope for which the installed packages (npm's own node_modules/.package-lock.json) are those of the lock
 * file, or null. So a hand-made `npm ci` is not repeated.
 * @param {string} lockText @param {string} installedText @returns {Scope | null}
 */
export function installedScope(lockText, installedText) {
  try {
    const wanted = JSON.parse(lockText).packages
    const installed = JSON.parse(installedText).packages
    /** @type {Scope} */
    let scope = 'dev'
    for (const [path, entry] of Object.entries(wanted)) {
      if (path === '') continue
      const found = installed[path]
      if (found === undefined) {
        if (entry.optional || entry.devOptional || entry.peer) continue // for another platform, or nobody's
        if (!entry.dev) return null
        scope = 'run'
      } else if (found.version !== entry.version || !isSameContent(entry, found)) return null
    }
    return scope
  } catch {
    return null // unreadable means unknown: install
  }
}

/** Entries of packages for platforms that the lock file's maker could not fetch have no hash. */
function isSameContent(wanted, found) {
  return wanted.integrity === undefined || wanted.integrity === found.integrity
}

/** @param {Scope} scope */
export function installArguments(scope) {
  const common = [
    'ci',
    '--ignore-scripts',
    '--include=optional',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ]
  return [...common, scope === 'run' ? '--omit=dev' : '--include=dev']
}

/** `12 s`, `1 min 05 s`. @param {number} ms */
export function elapsedText(ms) {
  const seconds = Math.floor(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`
}

/**
 * Tests that start whole services, measure or soak are not fast, nor are those that try thousands of cases or wait for
 * an engine for seconds. @param {string} path relative, with slashes
 */
export function isFastTest(path) {
  return !/^test\/(?:e2e|fuzz|soak|bench|slow)\//.test(path) && !path.endsWith('.slow.test.ts')
}

/** The test files under src and test, sorted, relative to the root. @param {string} root @param {boolean} fastOnly */
export function testFiles(root, fastOnly) {
  const files = ['src', 'test'].flatMap((folder) => {
    if (!existsSync(join(root, folder))) return []
    return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
      .map((entry) => relative(root, join(entry.parentPath ?? entry.path, entry.name)))
  })
  return files.filter((file) => !fastOnly || isFastTest(file)).sort((a, b) => (a < b ? -1 : 1))
}

/** Arguments of `node` for :test. Own files replace the search. @param {string} root @param {readonly string[]} args */
export function testArguments(root, args) {
  const fastOnly = args[0] === 'fast'
  const rest = fastOnly ? args.slice(1) : args
  const options = rest.filter((arg) => arg.startsWith('-'))
  const own = rest.filter((arg) => !arg.startsWith('-'))
  const files = own.length > 0 ? own : testFiles(root, fastOnly)
  if (files.length === 0) return null
  return ['--test', '--test-reporter=spec', `--test-concurrency=${TEST_CONCURRENCY}`, ...options, ...files]
}

/** Exit code of a process that ended by itself or by a signal. @param {number | null} code @param {string | null} signal */
export function exitCodeOf(code, signal) {
  const numbers = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGABRT: 6, SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15 }
  return code ?? 128 + (numbers[signal ?? ''] ?? 0)
}

/** The bundled Node 24, or this one if it is new enough, or null. @param {string} root @param {{arch: string, version: string, execPath: string}} own @param {(path: string) => boolean} exists */
export function findNode(root, own, exists = existsSync) {
  const bundled = join(root, 'node_modules', `node-linux-${own.arch}`, 'bin', 'node')
  if (exists(bundled)) return bundled
  return Number(own.version.split('.')[0]) >= NEEDED_NODE_MAJOR ? own.execPath : null
}

// --- the rest touches the world ---

const root = dirname(dirname(realpathSync(fileURLToPath(import.meta.url))))
const own = { arch: process.arch, version: process.versions.node, execPath: process.execPath }

/** @param {string} text */
const say = (text) => process.stderr.write(`${text}\n`)

class Failure extends Error {}

/** @param {string} path */
function textOf(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // not there: nothing is installed yet
  }
}

/** @param {Scope} scope @param {string} lockText @param {string} lockHash */
function packagesFit(scope, lockText, lockHash) {
  const modules = join(root, 'node_modules')
  if (stampFits(textOf(join(modules, STAMP)), lockHash, scope)) return true
  const installed = installedScope(lockText, textOf(join(modules, '.package-lock.json')))
  if (installed === null || (scope === 'dev' && installed === 'run')) return false
  writeStamp(lockHash, installed)
  return true
}

/** @param {string} lockHash @param {Scope} scope */
function writeStamp(lockHash, scope) {
  try {
    writeFileSync(join(root, 'node_modules', STAMP), `${JSON.stringify({ lockHash, scope })}\n`)
  } catch {
    // a packaged install is not ours to write: the comparison is done again next time (30 ms)
  }
}

/** @param {Scope} scope @param {boolean} quiet */
async function ensurePackages(scope, quiet) {
  const lockText = textOf(join(root, 'package-lock.json'))
  if (lockText === '')
    throw new Failure(`cannot read ${join(root, 'package-lock.json')}: is this a whole checkout?`)
  const lockHash = createHash('sha256').update(lockText).digest('hex')
  if (packagesFit(scope, lockText, lockHash)) return
  const release = await takeInstallLock()
  try {
    if (packagesFit(scope, lockText, lockHash)) return // another launch did it while we waited
    await install(scope, quiet)
    writeStamp(lockHash, scope)
  } finally {
    release()
  }
}

/** One installation at a time: two `npm ci` in one folder destroy each other's work. */
async function takeInstallLock() {
  const path = join(root, '.install.lock')
  const deadline = performance.now() + INSTALL_WAIT_MS
  let told = false
  for (;;) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' })
      return () => rmSync(path, { force: true })
    } catch (error) {
      if (error.code !== 'EEXIST') throw new Failure(`cannot write to ${root}: ${error.message}`)
    }
    if (!isAlive(Number(textOf(path)))) {
      rmSync(path, { force: true }) // left behind by a killed launch
      continue
    }
    if (performance.now() > deadline)
      throw new Failure(`another installation holds ${path}: remove it if none runs`)
    if (!told) say('waiting for another installation to finish ...')
    told = true
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}

/** @param {number} pid */
function isAlive(pid) {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** @param {Scope} scope @param {boolean} quiet */
async function install(scope, quiet) {
  const npmScript = process.env.npm_execpath ?? ''
  const [command, before] = npmScript.endsWith('npm-cli.js') ? [process.execPath, [npmScript]] : ['npm', []]
  const what = 'installing packages (about 600 MB, once)'
  const startedAt = performance.now()
  const isTerminal = process.stderr.isTTY === true
  const progress = () => {
    const text = `${what} ... ${elapsedText(performance.now() - startedAt)}`
    process.stderr.write(isTerminal ? `\r${text}` : `${text}\n`)
  }
  if (!quiet && isTerminal) progress()
  else if (!quiet) say(`${what} ...`)
  const timer = quiet ? null : setInterval(progress, isTerminal ? 1000 : 10_000)
  const result = await runCaptured(command, [...before, ...installArguments(scope)], { cwd: root })
  if (timer !== null) clearInterval(timer)
  if (isTerminal && !quiet) process.stderr.write('\r\u001b[K')
  if (result.code === 0) {
    if (!quiet) say(`packages installed in ${elapsedText(performance.now() - startedAt)}`)
    return
  }
  say(result.output.trimEnd())
  throw new Failure(
    `cannot install the packages: npm ci failed (${result.reason}); mend what npm says above and start again`,
  )
}

/** Runs to the end and keeps the last of what it printed. Ctrl-C reaches it through the terminal. */
export function runCaptured(command, args, options) {
  return new Promise((resolve) => {
    let output = ''
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    const keep = (chunk) => {
      output = (output + chunk).slice(-OUTPUT_LIMIT_CHARACTERS)
    }
    child.stdout.setEncoding('utf8').on('data', keep)
    child.stderr.setEncoding('utf8').on('data', keep)
    const stop = forwardSignals(child)
    child.on('error', (error) => {
      stop()
      resolve({ code: 1, output, reason: error.message })
    })
    child.on('close', (code, signal) => {
      stop()
      resolve({ code: exitCodeOf(code, signal), output, reason: signal ?? `exit ${code}` })
    })
  })
}

/** Hands each kind of signal on once; the terminal sends Ctrl-C to the child as well, which counts them as one. */
function forwardSignals(child) {
  const handlers = ['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => {
    let sent = false
    const handler = () => {
      if (sent && signal !== 'SIGHUP') return
      sent = true
      child.kill(signal)
    }
    process.on(signal, handler)
    return [signal, handler]
  })
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler)
  }
}

function nodeOrFail() {
  const node = findNode(root, own)
  if (node !== null) return node
  throw new Failure(
    `Active Defense Syslog needs Node ${NEEDED_NODE_MAJOR} or newer, and there is none packaged for ` +
      `${process.platform}-${process.arch}: install Node ${NEEDED_NODE_MAJOR} and start it with that (this is ${process.version})`,
  )
}

/** Environment in which `node` is the right one and the tools of the house are found by name. */
function toolEnvironment(node) {
  const path = [dirname(node), join(root, 'node_modules', '.bin'), process.env.PATH ?? ''].join(delimiter)
  return { ...process.env, PATH: path }
}

/** Huge pages for malloc, in one arena (glibc gives other threads' arenas none): decision 10. Other C libraries take no notice. */
const SERVICE_ENV = { GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1:glibc.malloc.arena_max=1', ...process.env }

/**
 * How V8 keeps house in the service, for its threads too (the log store says its own): without them a heap of 55 MiB
 * takes 350, since V8 sizes its young generation and how late it collects by the memory of the machine. Decision 10.
 */
const SERVICE_FLAGS = [
  '--max-semi-space-size=4',
  '--heap-growing-percent=50',
  // the loops of parsing and detection call more small functions than V8 takes into one by itself: 2 % of both
  '--max-inlined-bytecode-size=1000',
  '--max-inlined-bytecode-size-cumulative=3000',
]

/** Runs with our terminal and answers the exit code. */
function run(node, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(node, args, { stdio: 'inherit', ...options })
    const stop = forwardSignals(child)
    child.on('error', (error) => {
      stop()
      reject(
        new Failure(
          `cannot run ${node}: ${error.message}; install Node ${NEEDED_NODE_MAJOR} and start with it`,
        ),
      )
    })
    child.on('close', (code, signal) => {
      stop()
      resolve(exitCodeOf(code, signal))
    })
  })
}

/** Every file of the page's source, its own build left out, in order. */
function webFiles(folder = join(root, 'web'), prefix = '') {
  return readdirSync(folder, { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const name = prefix + entry.name
      if (name === 'dist') return []
      return entry.isDirectory() ? webFiles(join(folder, entry.name), `${name}/`) : [name]
    })
}

/**
 * Builds the web page when its source, or a package, has changed since the last time (about 2 s). A page that cannot be
 * built is told and is no reason not to defend: the service then shows a plain status page.
 */
async function ensureWeb(node, quiet) {
  if (!existsSync(join(root, 'web', 'index.html'))) return // a packaged install brings the page built
  const hash = createHash('sha256').update(textOf(join(root, 'package-lock.json')))
  for (const name of webFiles()) hash.update(`${name}\0`).update(readFileSync(join(root, 'web', name)))
  const wanted = hash.digest('hex')
  const stamp = join(root, 'web', 'dist', WEB_STAMP)
  if (textOf(stamp) === wanted) return
  if (!quiet) say('building the web page ...')
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js')
  const config = join(root, 'web', 'vite.config.ts')
  const result = await runCaptured(node, [vite, 'build', '--config', config, '--configLoader', 'native'], {
    cwd: root,
  })
  if (result.code === 0) writeFileSync(stamp, wanted)
  else
    say(
      `the web page cannot be built (${result.reason}), so the plain one is shown:\n${result.output.trimEnd()}`,
    )
}

async function runTests(node, args) {
  const testArgs = testArguments(root, args)
  if (testArgs === null) throw new Failure('no tests found')
  return run(node, testArgs, { cwd: root, env: toolEnvironment(node) })
}

async function runDev(node, args) {
  const data = mkdtempSync(join(tmpdir(), 'active-defense-dev-'))
  const watch = ['--watch-path', join(root, 'src'), '--watch-preserve-output']
  const program = [join(root, 'src', 'main.ts'), 'run', '--demo', '--data', data, ...args]
  try {
    return await run(node, [...watch, ...program])
  } finally {
    rmSync(data, { recursive: true, force: true })
  }
}

async function main(argv) {
  const { task, scope, args } = taskOf(argv)
  const quiet = task === 'cli' && args[0] !== 'run'
  if (task === 'unknown')
    throw new Failure(`there is no task ${argv[0]}: ${TASKS.map((known) => `:${known}`).join(' ')}`)
  await ensurePackages(scope, quiet)
  const node = nodeOrFail()
  switch (task) {
    case 'test':
      await ensureWeb(node, false)
      return runTests(node, args)
    case 'check':
      return run(node, [join(root, 'scripts', 'check.ts')], { cwd: root, env: toolEnvironment(node) })
    case 'bench':
      return run(node, [...SERVICE_FLAGS, join(root, 'test', 'bench', 'main.ts'), ...args], {
        cwd: root,
        env: SERVICE_ENV,
      })
    case 'bench:detection':
      return run(node, [join(root, 'test', 'bench', 'detection', 'main.ts'), ...args], { cwd: root })
    case 'bench:web':
      await ensureWeb(node, false)
      return run(node, [join(root, 'test', 'bench', 'web', 'main.ts'), ...args], { cwd: root })
    case 'screenshots':
      await ensureWeb(node, false)
      return run(node, [join(root, 'scripts', 'screenshots.ts'), ...args], { cwd: root })
    case 'dev':
      await ensureWeb(node, false)
      return runDev(node, args)
    case 'format':
      return run('biome', ['format', '--write', '.'], { cwd: root, env: toolEnvironment(node) })
    case 'docs':
      return run(node, [join(root, 'scripts', 'generate-docs.ts')], { cwd: root })
    default:
      if (args[0] === 'run') await ensureWeb(node, false)
      return run(node, [...SERVICE_FLAGS, join(root, 'src', 'main.ts'), ...args], { env: SERVICE_ENV })
  }
}

function isProgram() {
  const script = process.argv[1]
  return (
    script !== undefined &&
    existsSync(script) &&
    realpathSync(script) === realpathSync(fileURLToPath(import.meta.url))
  )
}

if (isProgram()) {
  main(process.argv.slice(2)).then(
    (code) => {
      process.exitCode = code
    },
    (error) => {
      say(error instanceof Failure ? `active-defense: ${error.message}` : (error.stack ?? String(error)))
      process.exitCode = 1
    },
  )
}
