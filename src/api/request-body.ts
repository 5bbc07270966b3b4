/**
 * The body of a request in memory, unpacked where it is gzip, within a limit that counts before and after unpacking: a
 * small body that unpacks to a large one is refused on the way.
 */
import type { IncomingMessage } from 'node:http'
import { createGunzip } from 'node:zlib'

/** A body that cannot be taken, with the status to answer. */
export class BodyError extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** The whole body in memory of its own. Throws BodyError, or what the stream or gzip throws. */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer<ArrayBuffer>> {
  const encoding = request.headers['content-encoding'] ?? ''
  const isPacked = /^(?:x-)?gzip$/i.test(encoding)
  if (!isPacked && !/^(?:identity)?$/i.test(encoding))
    throw new BodyError(415, 'expected content-encoding gzip or none')
  if (Number(request.headers['content-length']) > limitBytes) throw tooLarge(limitBytes)
  if (!isPacked) return gather(request, limitBytes)
  const unpacked = createGunzip()
  request.on('error', (error) => unpacked.destroy(error))
  request.pipe(unpacked)
  try {
    return await gather(unpacked, limitBytes)
  } finally {
    request.unpipe(unpacked)
    unpacked.destroy()
  }
}

async function gather(source: AsyncIterable<Buffer>, limitBytes: number): Promise<Buffer<ArrayBuffer>> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of source) {
    bytes += chunk.length
    if (bytes > limitBytes) throw tooLarge(limitBytes)
    chunks.push(chunk)
  }
  const whole = Buffer.allocUnsafeSlow(bytes)
  let at = 0
  for (const chunk of chunks) at += chunk.copy(whole, at)
  return whole
}

function tooLarge(limitBytes: number): BodyError {
  return new BodyError(413, `a body has at most ${limitBytes} bytes, unpacked; send several requests`)
}
