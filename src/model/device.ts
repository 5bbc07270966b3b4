/** What is known of each device that sends: for `status`, the API and the parser's per-device settings. */
export interface DeviceStatus {
  readonly device: string
  readonly lastSeenAtMs: number
  readonly records: number
  readonly unparsed: number
  /** Our time minus the device's, in ms; null until learned. */
  readonly clockOffsetMs: number | null
  /** True when the offset is too large to be a time-zone mistake: its lines are stored and never convict. */
  readonly clockInsane: boolean
  /** IANA zone set for the device; null means the server's. */
  readonly timeZone: string | null
}
