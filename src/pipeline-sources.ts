/**
 * The inputs of the pipeline thread as the settings want them, and what each tells of itself. The authorities of client
 * certificates are read here, and again when their file changes, so that a new revocation list acts without a restart.
 */
import { readFile } from 'node:fs/promises'
import type { Settings } from './config/schema.ts'
import { type ClientAuthorities, readAuthorities } from './input/client-certificate.ts'
import type { InputContext } from './input/context.ts'
import { FileInput } from './input/file.ts'
import { HttpInput } from './input/http.ts'
import { TcpInput } from './input/tcp.ts'
import { UdpInput } from './input/udp.ts'
import { AppError, messageOf } from './lib/errors.ts'
import type { FilePosition } from './model/raw-batch.ts'
import type { InputStatus, TlsMaterial } from './pipeline-messages.ts'
import type { OwnPorts } from './publish/relay.ts'

/** What every input offers, whatever it reads from. */
export interface Source {
  readonly name: string
  readonly input: UdpInput | TcpInput | HttpInput | FileInput
}

export interface SourceOptions {
  readonly settings: Settings
  readonly tls: TlsMaterial
  /** Where followed files are read on. */
  readonly resumePositions: readonly FilePosition[]
  readonly context: InputContext
}

/** How often the file of authorities is looked at. */
const AUTHORITIES_CHECK_MS = 30_000

/** Builds the inputs that are switched on; rejects with AppError 'bad-configuration'. */
export async function makeSources(options: SourceOptions): Promise<Source[]> {
  const { settings, context } = options
  const sources: Source[] = []
  const tcp = {
    maxConnections: settings['syslog.tcp.maxConnections'],
    idleSeconds: settings['syslog.tcp.idleSeconds'],
  }
  const { 'syslog.udp.listen': udpListen, 'syslog.tcp.listen': tcpListen } = settings
  if (udpListen !== '') {
    const receiveBufferBytes = settings['syslog.udp.receiveBuffer']
    sources.push({ name: 'udp', input: new UdpInput({ listen: udpListen, receiveBufferBytes }, context) })
  }
  if (tcpListen !== '') {
    sources.push({ name: 'tcp', input: new TcpInput({ listen: tcpListen, ...tcp }, context) })
  }
  if (settings['syslog.tls.listen'] !== '') {
    sources.push({ name: 'tls', input: await makeTlsInput(options, tcp) })
  }
  sources.push({ name: 'http', input: new HttpInput(context) }) // the token can be set while it runs
  if (settings['files.watch'].length > 0) {
    const positions = new Map(options.resumePositions.map((position) => [position.fileId, position]))
    const afterRead = settings['files.afterRead']
    const globs = settings['files.watch']
    sources.push({ name: 'file', input: new FileInput({ globs, afterRead, positions }, context) })
  }
  return sources
}

/** The ports on which syslog is listened for, once the inputs are started. */
export function ownPorts(sources: readonly Source[]): OwnPorts {
  const of = (...names: string[]): number[] =>
    sources.flatMap(({ name, input }) =>
      names.includes(name) && 'address' in input ? [Number(input.address.split(':').at(-1))] : [],
    )
  return { udp: of('udp'), tcp: of('tcp', 'tls') }
}

/** What the inputs tell, that of lines by POST only while a token opens it. */
export function inputStatuses(sources: readonly Source[], settings: Settings): InputStatus[] {
  return sources
    .filter(({ name }) => name !== 'http' || settings['input.http.token'] !== '')
    .map(({ name, input }) => {
      const counters = input.status()
      const numbers = Object.entries(counters).filter(
        (entry): entry is [string, number] => typeof entry[1] === 'number',
      )
      return {
        name,
        address: addressOf(input),
        counters: Object.fromEntries(numbers),
        findings: input.findings(),
      }
    })
}

function addressOf(input: Source['input']): string | null {
  if (input instanceof HttpInput) return 'POST /api/v1/lines'
  if (!(input instanceof FileInput)) return input.address === '' ? null : input.address
  const files = input.status().filesFollowed
  return `following ${files === 1 ? '1 file' : `${files} files`}`
}

async function makeTlsInput(
  { settings, tls, context }: SourceOptions,
  tcp: { maxConnections: number; idleSeconds: number },
): Promise<TcpInput> {
  const listen = settings['syslog.tls.listen']
  const path = settings['syslog.tls.clientCa']
  if (path === '') return new TcpInput({ listen, ...tcp, tls }, context)
  let text = await readAuthorityFile(path)
  const clientAuthorities: ClientAuthorities = readAuthorities(text, path)
  const input = new TcpInput({ listen, ...tcp, tls, clientAuthorities }, context)
  const look = async (): Promise<void> => {
    try {
      const now = await readAuthorityFile(path)
      if (now === text) return
      text = now // bad or good, it is told once
      input.setClientAuthorities(readAuthorities(now, path))
    } catch (error) {
      const message = `${messageOf(error)}; the authorities read before stay in force`
      context.report({ kind: 'socket-failed', input: 'tls', message, count: 1 })
    }
  }
  setInterval(() => void look(), AUTHORITIES_CHECK_MS).unref()
  return input
}

async function readAuthorityFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new AppError(
      'bad-configuration',
      `syslog.tls.clientCa: cannot read ${path}: ${messageOf(error)}`,
      error,
    )
  }
}
