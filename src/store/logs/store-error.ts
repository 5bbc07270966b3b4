/**
 * What a log store answers when it does not do what was asked. `clickhouseCode` is the engine's number, null when no
 * answer came at all (not running, connection lost): then it is not known whether the work was done.
 *
 * Codes: ClickHouse, src/Common/ErrorCodes.cpp.
 */
export class StoreError extends Error {
  readonly clickhouseCode: number | null

  constructor(message: string, clickhouseCode: number | null, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'StoreError'
    this.clickhouseCode = clickhouseCode
  }

  /** Whether the same statement may succeed later: the fault lies with the engine's state, not with the data. */
  get isTransient(): boolean {
    return this.clickhouseCode === null || TRANSIENT.has(this.clickhouseCode) || this.clickhouseCode >= 999
  }
}

const TRANSIENT: ReadonlySet<number> = new Set([
  60, // UNKNOWN_TABLE: made again when the store is prepared
  74, // CANNOT_READ_FROM_FILE_DESCRIPTOR
  75, // CANNOT_WRITE_TO_FILE_DESCRIPTOR
  76, // CANNOT_OPEN_FILE
  77, // CANNOT_CLOSE_FILE
  81, // UNKNOWN_DATABASE
  159, // TIMEOUT_EXCEEDED
  160, // TOO_SLOW
  164, // READONLY
  173, // CANNOT_ALLOCATE_MEMORY
  201, // QUOTA_EXCEEDED
  202, // TOO_MANY_SIMULTANEOUS_QUERIES
  209, // SOCKET_TIMEOUT
  210, // NETWORK_ERROR
  236, // ABORTED: shutting down
  241, // MEMORY_LIMIT_EXCEEDED
  242, // TABLE_IS_READ_ONLY
  243, // NOT_ENOUGH_SPACE
  252, // TOO_MANY_PARTS
  319, // UNKNOWN_STATUS_OF_INSERT
  394, // QUERY_WAS_CANCELLED
  425, // SYSTEM_ERROR
  439, // CANNOT_SCHEDULE_TASK
  497, // ACCESS_DENIED
  516, // AUTHENTICATION_FAILED
])
