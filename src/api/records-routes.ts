/**
 * What does not fit into one answer, over HTTPS: live events (`GET /api/v1/live`, server-sent events that go on behind
 * `Last-Event-ID`) and the whole result of a search (`GET /api/v1/records/export`: CSV, CSV in PAN-OS's columns or
 * JSON lines, as a download that is ended by closing it). For viewers and above, with a session or a token of the scope `records`.
 */
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { csvLine } from '../lib/csv.ts'
import { AppError } from '../lib/errors.ts'
import { PALOALTO_CSV_FIELDS, paloaltoCsvRow } from '../model/paloalto-csv-row.ts'
import type { Caller, Reply, ServiceActions } from './control-contract.ts'
import { RECORDS_CONTRACT } from './contract/records.ts'
import { refusalOf } from './http/http-api.ts'
import type { Authenticator, HttpCaller } from './http/http-caller.ts'
import { readInput } from './http/http-input.ts'
import { sendError, sendProblem } from './http/http-problem.ts'
import { API_PREFIX } from './http/http-routes.ts'

export interface RecordsRoutesOptions {
  /** Null while the service starts. */
  readonly actions: () => ServiceActions | null
  readonly accounts: Authenticator
  readonly addressOf: (request: FastifyRequest) => string
  readonly onFailure: (what: string, error: unknown) => void
}

/** A comment so often, so that proxies and the server's own limit see life. */
const HEARTBEAT_MS = 15_000
/** Then the client comes back by itself, and whether it still may is asked again. */
const LONGEST_MS = 600_000
const CHUNK_CHARACTERS = 65_536
const CSV_FIELDS = [
  'id',
  'receivedAt',
  'eventTime',
  'device',
  'type',
  'subtype',
  'action',
  'disposition',
  'sourceAddress',
  'sourcePort',
  'sourceCountry',
  'sourceUser',
  'destinationAddress',
  'destinationPort',
  'destinationCountry',
  'protocol',
  'application',
  'rule',
  'severity',
  'threatId',
  'threatName',
  'sessionEndReason',
  'bytesSent',
  'bytesReceived',
  'raw',
]

const exportInput = RECORDS_CONTRACT.exportRecords.input.extend({
  format: z.enum(['csv', 'jsonl', 'pan-csv']).default('jsonl'),
})

type ExportFormat = z.infer<typeof exportInput>['format']

/** Fields that a form asks for by itself; undefined: all. */
const FIELDS_OF: Readonly<Record<ExportFormat, string[] | undefined>> = {
  csv: CSV_FIELDS,
  jsonl: undefined,
  'pan-csv': [...PALOALTO_CSV_FIELDS],
}
const FILE_ENDS: Readonly<Record<ExportFormat, string>> = {
  csv: 'csv',
  jsonl: 'jsonl',
  'pan-csv': 'pan-os.csv',
}

export function addRecordsRoutes(app: FastifyInstance, options: RecordsRoutesOptions): void {
  app.get(`${API_PREFIX}/live`, async (request, reply) => {
    const admitted = await admit(request, reply, '/live', options)
    if (admitted === null) return reply
    const input = readInput(RECORDS_CONTRACT.tailRecords.input, {}, queryOf(request), null)
    if (!input.ok) return sendProblem(reply, 400, 'usage', input.detail, input.field ?? undefined)
    const lastId = request.headers['last-event-id']
    const given = input.value as z.infer<typeof RECORDS_CONTRACT.tailRecords.input>
    const question =
      typeof lastId === 'string' && lastId !== '' ? { ...given, lastId: lastId.slice(0, 40) } : given
    return sendEvents(reply, admitted, question, options)
  })
  app.get(`${API_PREFIX}/records/export`, async (request, reply) => {
    const admitted = await admit(request, reply, '/records/export', options)
    if (admitted === null) return reply
    const input = readInput(exportInput, {}, queryOf(request), null)
    if (!input.ok) return sendProblem(reply, 400, 'usage', input.detail, input.field ?? undefined)
    return sendExport(reply, admitted, input.value as z.infer<typeof exportInput>, options)
  })
}

interface Admitted {
  readonly actions: ServiceActions
  readonly caller: Caller
  readonly signal: AbortSignal
}

/** Null: the refusal has been sent. */
async function admit(
  request: FastifyRequest,
  reply: FastifyReply,
  path: string,
  { actions, accounts, addressOf }: RecordsRoutesOptions,
): Promise<Admitted | null> {
  const found: HttpCaller | null = await accounts.callerOf(request, addressOf(request))
  const refusal = refusalOf(found, { method: 'GET', path, role: 'viewer', tag: 'records' }, request)
  if (refusal !== null || found === null) {
    void sendProblem(
      reply,
      refusal?.status ?? 401,
      refusal?.code ?? 'signed-out',
      refusal?.detail ?? 'sign in',
    )
    return null
  }
  const service = actions()
  if (service === null) {
    void sendProblem(reply, 503, 'starting', 'the service is starting: try again in a moment')
    return null
  }
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  const { user, userId, role } = found
  return { actions: service, caller: { user, userId, role, signal: gone.signal }, signal: gone.signal }
}

function queryOf(request: FastifyRequest): Record<string, string | string[]> {
  return request.query as Record<string, string | string[]>
}

async function sendEvents(
  reply: FastifyReply,
  { actions, caller, signal }: Admitted,
  question: z.infer<typeof RECORDS_CONTRACT.tailRecords.input>,
  { onFailure }: RecordsRoutesOptions,
): Promise<FastifyReply> {
  const ending = AbortSignal.any([signal, AbortSignal.timeout(LONGEST_MS)])
  const events = (await actions.tailRecords(question, { ...caller, signal: ending })) as AsyncIterable<
    Reply<'tailRecords'>
  >
  const iterator = events[Symbol.asyncIterator]()
  let first: IteratorResult<Reply<'tailRecords'>>
  try {
    first = await iterator.next() // an error of the filter is still an answer of its own
  } catch (error) {
    if (!(error instanceof AppError)) onFailure('GET /live', error)
    return sendError(reply, error)
  }
  const stream = new Readable({ read: () => {}, highWaterMark: CHUNK_CHARACTERS })
  const beat = setInterval(() => stream.push(':\n\n'), HEARTBEAT_MS)
  const pump = async (): Promise<void> => {
    for (let next = first; next.done !== true; next = await iterator.next()) {
      const { id, kind, ...data } = next.value
      // JSON has no raw line ends, so that one event is one line of data.
      const isRoomy = stream.push(`id: ${id}\nevent: ${kind}\ndata: ${JSON.stringify(data)}\n\n`)
      // A slow reader waits here; what its ring then loses is told as missed.
      if (!isRoomy) await drained(stream, ending)
    }
  }
  pump()
    .catch((error: unknown) => onFailure('GET /live', error))
    .finally(() => {
      clearInterval(beat)
      if (!stream.destroyed) stream.push(null)
    })
  return reply
    .headers({ 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' })
    .send(stream)
}

/** Resolves when the reader has taken what was pushed. */
async function drained(stream: Readable, signal: AbortSignal): Promise<void> {
  while (stream.readableLength >= stream.readableHighWaterMark && !signal.aborted && !stream.destroyed)
    await new Promise((resolve) => setTimeout(resolve, 50))
}

async function sendExport(
  reply: FastifyReply,
  { actions, caller }: Admitted,
  { format, ...input }: z.infer<typeof exportInput>,
  { onFailure }: RecordsRoutesOptions,
): Promise<FastifyReply> {
  if (format === 'pan-csv' && input.fields !== undefined)
    return sendProblem(reply, 400, 'usage', 'the columns of pan-csv are those of PAN-OS: leave fields out')
  const names = input.fields ?? FIELDS_OF[format]
  const question = { ...input, ...(names === undefined ? {} : { fields: names }) }
  const rows = (await actions.exportRecords(question, caller)) as AsyncIterable<Reply<'exportRecords'>>
  const iterator = rows[Symbol.asyncIterator]()
  let first: IteratorResult<Reply<'exportRecords'>>
  try {
    first = await iterator.next()
  } catch (error) {
    if (!(error instanceof AppError)) onFailure('GET /records/export', error)
    return sendError(reply, error)
  }
  const report = (error: unknown): void => onFailure('GET /records/export', error)
  const pieces = piecesOf(iterator, first, writerOf(format, names ?? []), report)
  return reply
    .headers({
      'content-type': format === 'jsonl' ? 'application/jsonl' : 'text/csv; charset=utf-8',
      'content-disposition': `attachment; filename="records.${FILE_ENDS[format]}"`,
    })
    .send(Readable.from(pieces))
}

/** How a form is written, its line ends included. */
interface Writer {
  readonly head: string
  readonly row: (record: Reply<'exportRecords'>) => string
  readonly failed: (message: string) => string
}

function writerOf(format: ExportFormat, names: readonly string[]): Writer {
  if (format === 'jsonl')
    return {
      head: '',
      row: (record) => `${JSON.stringify(record)}\n`,
      failed: (message) => `${JSON.stringify({ error: { code: 'failed', message } })}\n`,
    }
  const failed = (message: string): string => csvLine([message])
  if (format === 'pan-csv') return { head: '', row: paloaltoCsvRow, failed }
  return { head: csvLine(names), row: (record) => csvLine(cellsOf(record, names)), failed }
}

/** An error in the middle becomes the last line. */
async function* piecesOf(
  iterator: AsyncIterator<Reply<'exportRecords'>>,
  first: IteratorResult<Reply<'exportRecords'>>,
  writer: Writer,
  report: (error: unknown) => void,
): AsyncGenerator<string, void, undefined> {
  let pending = writer.head
  try {
    for (let next = first; next.done !== true; ) {
      pending += writer.row(next.value)
      if (pending.length >= CHUNK_CHARACTERS) {
        yield pending
        pending = ''
      }
      try {
        next = await iterator.next()
      } catch (error) {
        report(error)
        pending += writer.failed('the rest could not be read')
        break
      }
    }
    if (pending !== '') yield pending
  } finally {
    await iterator.return?.() // the reader has gone: the search ends too
  }
}

function cellsOf(record: Reply<'exportRecords'>, names: readonly string[]): (string | number | null)[] {
  return names.map((name) => {
    const value = record[name] ?? null
    return Array.isArray(value) ? value.join(' ') : value
  })
}
