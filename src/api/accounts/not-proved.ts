/** What somebody is told whose name, password or code did not do: at sign-in (401) and when asked once more (403). */
import type { FastifyReply } from 'fastify'
import { sendProblem } from '../http/http-problem.ts'
import type { NotProved } from './prover.ts'

/** 403: the session itself stays good, so the page must not take the caller for signed out. */
export function sendNotProved(
  reply: FastifyReply,
  { why, waitSeconds }: NotProved,
  status: 401 | 403,
): FastifyReply {
  switch (why) {
    case 'factor':
      return sendProblem(reply, status, 'factor', 'the code of the second factor is needed')
    case 'wait':
      void reply.header('retry-after', String(waitSeconds))
      return sendProblem(
        reply,
        429,
        'wait',
        `too many failed tries from here: try again in ${Math.ceil(waitSeconds / 60)} min`,
      )
    case 'busy':
      return sendProblem(
        reply.header('retry-after', '5'),
        503,
        'busy',
        'too many sign-ins at once: try again in a moment',
      )
    case 'wrong':
      return sendProblem(
        reply,
        status,
        'wrong',
        `${status === 401 ? 'name, ' : ''}password or code is not right`,
      )
  }
}
