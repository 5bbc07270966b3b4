/** Errors of the API as RFC 9457 problem documents: `application/problem+json` with a stable `code`. */
import type { FastifyReply } from 'fastify'
import { AppError, messageOf } from '../../lib/errors.ts'
import { saidOf } from '../contract/sentence.ts'

export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  /** Stable word for programs: `usage`, `not-found`, `signed-out`, ... */
  readonly code: string
  /** What was wrong and what to do. */
  readonly detail: string
  /** The detail by code and values, for who says it in another language; null: the book does not know it. */
  readonly said: ReturnType<typeof saidOf>
  /** Which field of the input, as a path. */
  readonly field?: string
}

/** Type of the problem that a browser's edit needs the password once more. */
export const CONFIRM_TYPE = '/problems/confirm-password'

/** By code; all others say enough with their code. */
const TYPES: Readonly<Record<string, string>> = { 'confirm-password': CONFIRM_TYPE }

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Not signed in',
  403: 'Not allowed',
  404: 'Not found',
  409: 'Refused as unsafe',
  412: 'Changed meanwhile',
  413: 'Too large',
  415: 'Unsupported media type',
  428: 'Precondition needed',
  429: 'Too many requests',
  500: 'Failed',
  503: 'Not available',
}

export function sendProblem(
  reply: FastifyReply,
  status: number,
  code: string,
  detail: string,
  field?: string,
): FastifyReply {
  const problem: Problem = {
    type: TYPES[code] ?? 'about:blank',
    title: TITLES[status] ?? 'Error',
    status,
    code,
    detail,
    said: saidOf(detail),
    ...(field === undefined ? {} : { field }),
  }
  return reply.code(status).header('content-type', 'application/problem+json').send(problem)
}

/** An AppError is told; anything else is a failure of ours, whose text stays inside. */
export function sendError(reply: FastifyReply, error: unknown): FastifyReply {
  if (error instanceof AppError) return sendProblem(reply, error.httpStatus, error.code, messageOf(error))
  return sendProblem(reply, 500, 'failed', "the service failed to do it; the reason is in the service's log")
}
