/**
 * Forwards notices to a SIEM as syslog (RFC 5424), one message a notice: CEF (ArcSight's Common Event Format, version 0)
 * or JSON. By UDP one datagram each; by TCP with octet counting (RFC 6587), one connection a batch. Nothing is
 * acknowledged in either, so what the other side loses is not known here.
 */
import { createSocket } from 'node:dgram'
import { connect, isIPv6 } from 'node:net'
import { messageOf } from '../../lib/errors.ts'
import { boundedText, visibleText } from '../../lib/visible-text.ts'
import type { Batch, Notice, SendResult } from './notice.ts'

export interface SiemTo {
  readonly host: string
  readonly port: number
  readonly transport: 'udp' | 'tcp'
  readonly format: 'cef' | 'json'
  readonly lines: number
  /** Of this machine, for the header. */
  readonly hostName: string
  readonly version: string
}

const TIMEOUT_MS = 10_000
/** A datagram larger than that is cut up by networks, or lost. */
const MESSAGE_CHARACTERS = 8000
/** Facility 13 (log audit). */
const FACILITY = 13
const SYSLOG_SEVERITY = { info: 6, warning: 4, critical: 2 } as const
const CEF_SEVERITY = { info: 3, warning: 6, critical: 9 } as const

/** Never rejects. */
export async function sendSiem(to: SiemTo, batch: Batch): Promise<SendResult> {
  const messages = batch.notices.map((notice) => siemMessage(notice, to))
  try {
    await (to.transport === 'udp' ? sendDatagrams(to, messages) : sendStream(to, messages))
    return { ok: true, detail: `${messages.length} sent by ${to.transport.toUpperCase()}` }
  } catch (error) {
    return { ok: false, isPermanent: false, reason: `${to.host}: ${boundedText(messageOf(error), 300)}` }
  }
}

/** `<PRI>1 TIME HOST active-defense - TOPIC - MESSAGE`, one line. */
export function siemMessage(
  notice: Notice,
  to: Pick<SiemTo, 'format' | 'hostName' | 'lines' | 'version'>,
): string {
  const priority = FACILITY * 8 + SYSLOG_SEVERITY[notice.severity]
  const host = to.hostName.replace(/[^\x21-\x7e]/g, '').slice(0, 255) || '-'
  const header = `<${priority}>1 ${new Date(notice.atMs).toISOString()} ${host} active-defense - ${notice.topic} -`
  return `${header} ${to.format === 'cef' ? cefOf(notice, to) : jsonOf(notice, to)}`
}

function jsonOf(
  { id, topic, severity, atMs, subject, title, sentences, facts, lines, link, block }: Notice,
  to: Pick<SiemTo, 'lines'>,
): string {
  const fields = {
    id,
    topic,
    severity,
    at: new Date(atMs).toISOString(),
    subject,
    title,
    sentences,
    facts: Object.fromEntries(facts),
    link,
    block,
  }
  const whole = JSON.stringify({ ...fields, lines: lines.slice(0, to.lines) })
  // JSON that is cut is no JSON: without the lines it fits.
  return visibleJson(whole.length <= MESSAGE_CHARACTERS ? whole : JSON.stringify(fields))
}

/** JSON writes C0 controls as escapes by itself; the others become escapes here, so the message is one visible line. */
function visibleJson(text: string): string {
  return text.replace(
    /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** `CEF:0|vendor|product|version|class|name|severity|extension`. */
function cefOf(notice: Notice, { version, lines }: Pick<SiemTo, 'version' | 'lines'>): string {
  const { block } = notice
  const extension: [string, string | null][] = [
    ['rt', String(Math.round(notice.atMs))],
    ['externalId', notice.id],
    ['src', block?.sourceAddress ?? null],
    ['cs1Label', 'target'],
    ['cs1', notice.subject],
    ['dst', block?.reached[0] ?? null],
    ['cnt', block?.count == null ? null : String(block.count)],
    ['dvchost', block?.device ?? null],
    ['suser', block?.by ?? null],
    ['cs2Label', block?.rule == null ? null : 'rule'],
    ['cs2', block?.rule ?? null],
    ['reason', notice.sentences[0] ?? null],
    [
      'msg',
      [...notice.sentences.slice(1), ...notice.facts.map(([label, value]) => `${label}: ${value}`)].join(
        '; ',
      ) || null,
    ],
    ['rawEvent', lines > 0 ? (notice.lines[0] ?? null) : null],
  ]
  const known = extension.flatMap(([key, value]) =>
    value === null ? [] : [`${key}=${cefValue(boundedText(value, 1000))}`],
  )
  const header = [
    'CEF:0',
    'Active Defense',
    'Active Defense Syslog',
    version,
    notice.topic,
    notice.title,
    String(CEF_SEVERITY[notice.severity]),
  ]
  return `${header.map((part) => cefHeader(visibleText(part).slice(0, 512))).join('|')}|${known.join(' ')}`
}

const cefHeader = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('|', '\\|')
const cefValue = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('=', '\\=')

async function sendDatagrams({ host, port }: SiemTo, messages: readonly string[]): Promise<void> {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
  try {
    for (const message of messages) {
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject)
        socket.send(message, port, host, (error) => {
          socket.off('error', reject)
          if (error === null) resolve()
          else reject(error)
        })
      })
    }
  } finally {
    socket.close()
  }
}

function sendStream({ host, port }: SiemTo, messages: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port })
    const timer = setTimeout(
      () => socket.destroy(new Error(`not taken within ${TIMEOUT_MS / 1000} s`)),
      TIMEOUT_MS,
    )
    socket.once('error', reject)
    socket.once('close', () => {
      clearTimeout(timer)
      reject(new Error('the connection ended early')) // of no effect after `resolve`
    })
    socket.resume() // whatever is answered is not read
    socket.end(messages.map((message) => `${Buffer.byteLength(message)} ${message}`).join(''), () =>
      resolve(),
    )
  })
}
