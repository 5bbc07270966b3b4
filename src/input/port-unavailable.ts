/**
 * Turns a failed bind into an error a person can act on: where we wanted to listen, why it did not work, who has the
 * port, and how to mend it.
 */
import { AppError, messageOf, systemCodeOf } from '../lib/errors.ts'
import { formatListen } from './listen-address.ts'
import { portHolder } from './proc-net.ts'

interface Attempt {
  readonly protocol: 'udp' | 'tcp' | 'tls'
  readonly host: string
  readonly port: number
}

/** The AppError 'port-unavailable' for a bind that failed with `error`. */
export async function portUnavailable(attempt: Attempt, error: unknown): Promise<AppError> {
  const where = `${attempt.protocol} ${formatListen(attempt.host === '' ? '0.0.0.0' : attempt.host, attempt.port)}`
  return new AppError('port-unavailable', `cannot listen on ${where}: ${await reason(attempt, error)}`, error)
}

async function reason(attempt: Attempt, error: unknown): Promise<string> {
  const setting = `syslog.${attempt.protocol}.listen`
  switch (systemCodeOf(error) ?? '') {
    case 'EACCES':
      return (
        'permission denied (ports below 1024 need CAP_NET_BIND_SERVICE); take a port from 1024 on, ' +
        `such as --set ${setting}=:5514, or start it by the packaged systemd unit, which has the capability`
      )
    case 'EADDRINUSE': {
      const holder = await portHolder(attempt.protocol === 'udp' ? 'udp' : 'tcp', attempt.port)
      return `the port is taken${holder === null ? '' : ` by ${holder}`}; stop it, or set ${setting} to another port`
    }
    case 'EADDRNOTAVAIL':
      return `no interface of this machine has that address; set ${setting} to one of its own, or to :${attempt.port} for all`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the host name is not known; set ${setting} to an address`
    default:
      return messageOf(error)
  }
}
