/** Where a syslog listener binds. An input is only made for a listener that is switched on, so empty is an error here. */
import { AppError } from '../lib/errors.ts'
import { type ListenAddress, parseListen } from '../lib/listen-address.ts'

/** Reads a `syslog.*.listen` setting; throws AppError 'bad-configuration'. */
export function listenSetting(text: string): ListenAddress {
  const address = parseListen(text)
  if (address === null) throw new AppError('bad-configuration', 'cannot listen: the listener is switched off')
  return address
}
