/** The pushes to the management APIs of firewalls, one per firewall that has one. */
import { AppError } from '../lib/errors.ts'
import type { AlarmInput } from '../telemetry/alarms.ts'

export interface PushStatus {
  readonly state: 'starting' | 'working' | 'retrying' | 'stopped'
  /** Why it does not work; null while it does. */
  readonly problem: string | null
  readonly lastAnswerAtMs: number | null
  readonly waiting: number
  readonly dropped: number
  readonly refreshes: number
  readonly registered: number
  readonly clearedSources: number
  readonly checkedAtMs: number | null
  readonly findings: readonly AlarmInput[]
}

export class FirewallPushes {
  statusOf(_id: string): PushStatus | null {
    return null
  }

  check(_id: string): Promise<readonly AlarmInput[]> {
    return Promise.reject(new AppError('usage', 'no management API is written down for it'))
  }

  refresh(_id: string): Promise<string> {
    return Promise.reject(new AppError('usage', 'no management API is written down for it'))
  }
}
