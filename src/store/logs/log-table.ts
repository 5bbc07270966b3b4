/**
 * The table `logs`: its columns, their types and codecs, and the statements that create it and bring an older one up
 * to date. Made from the field lists of the record (model/log-record.ts), the same for the embedded engine and for a
 * ClickHouse server. Native segments are written from the same list, so a column exists once.
 *
 * Unknown is the empty text, `::`, port 0, enum index 0 or NULL for quantities; `recordOf` in log-store.ts turns all
 * of them into null. Every stored record is named by (`segment`, `position`), which is also its order of arrival.
 *
 * Partitions are days of arrival, never of event time: clocks are set by strangers (DESIGN.md section 2).
 */
import {
  ADDRESS_FIELDS,
  ATTACKERS,
  CATEGORIES,
  DISPOSITIONS,
  FORMATS,
  OUTCOMES,
  PORT_FIELDS,
  QUANTITY_FIELDS,
  SEVERITIES,
  TEXT_FIELDS,
  type TextField,
} from '../../model/log-record.ts'

export const LOG_TABLE = 'logs'

/** Raised when a column changes its meaning; added columns and enum values need no new version. */
export const LOG_SCHEMA_VERSION = 1

export interface LogColumn {
  readonly name: string
  readonly type: string
  readonly codec: string
}

/** Texts with as many values as records; all others repeat and get a dictionary. */
export const UNIQUE_TEXT_FIELDS: ReadonlySet<TextField> = new Set(['sessionId', 'sequenceNumber', 'url'])

/** Closed sets, stored as one byte: the index that the record batch holds. */
export const CODE_COLUMNS = {
  format: FORMATS.map((format) => format.name),
  category: CATEGORIES,
  disposition: DISPOSITIONS,
  attacker: ATTACKERS,
  severity: SEVERITIES,
  outcome: OUTCOMES,
} as const satisfies Record<string, readonly (string | null)[]>

const TIME = "DateTime64(3, 'UTC')"

function enumType(values: readonly (string | null)[]): string {
  return `Enum8(${values.map((value, index) => `'${value ?? ''}' = ${index}`).join(', ')})`
}

function textColumn(name: TextField): LogColumn {
  return UNIQUE_TEXT_FIELDS.has(name)
    ? { name, type: 'String', codec: 'ZSTD(1)' }
    : { name, type: 'LowCardinality(String)', codec: 'ZSTD(1)' }
}

/**
 * All stored columns, in table order. Codecs as measured on 600,000 synthetic records of 383 bytes with random ports,
 * sizes and sessions: 17 bytes a record without raw text; T64 before ZSTD saved 0.3 of them, ZSTD(3) 0.4 for a fifth
 * more time. Raw text: 34 bytes by ZSTD(1) and ZSTD(3), 29 by ZSTD(6) at three times the cost of the whole insert.
 */
export const LOG_COLUMNS: readonly LogColumn[] = [
  { name: 'eventTime', type: TIME, codec: 'Delta, ZSTD(1)' },
  { name: 'receivedAt', type: TIME, codec: 'Delta, ZSTD(1)' },
  { name: 'segment', type: 'UUID', codec: 'ZSTD(1)' },
  { name: 'position', type: 'UInt32', codec: 'Delta, ZSTD(1)' },
  { name: 'sender', type: 'LowCardinality(String)', codec: 'ZSTD(1)' },
  ...Object.entries(CODE_COLUMNS).map(([name, values]) => ({
    name,
    type: enumType(values),
    codec: 'ZSTD(1)',
  })),
  { name: 'flags', type: 'UInt8', codec: 'ZSTD(1)' },
  ...ADDRESS_FIELDS.map((name) => ({ name, type: 'IPv6', codec: 'ZSTD(1)' })),
  ...PORT_FIELDS.map((name) => ({ name, type: 'UInt16', codec: 'ZSTD(1)' })),
  ...QUANTITY_FIELDS.map((name) => ({ name, type: 'Nullable(UInt64)', codec: 'ZSTD(1)' })),
  { name: 'threatId', type: 'UInt64', codec: 'ZSTD(1)' },
  { name: 'repeatCount', type: 'UInt32', codec: 'ZSTD(1)' },
  ...TEXT_FIELDS.map(textColumn),
  { name: 'raw', type: 'String', codec: 'ZSTD(1)' },
]

/** Columns that are computed when asked for. */
const ALIAS_COLUMNS = [
  {
    name: 'vendor',
    type: 'String',
    expression: `transform(toString(format), [${FORMATS.map((format) => `'${format.name}'`).join(', ')}], [${FORMATS.map((format) => `'${format.vendor ?? ''}'`).join(', ')}], '')`,
  },
] as const

export interface LogIndex {
  readonly name: string
  readonly definition: string
}

/**
 * Skip indexes: what a search need not read. Arrival by granule, since the table's order is that of event time, and the
 * newest records are asked for by arrival; addresses by bloom filter, so that one of them is found among a day's. Ports
 * and rules have none: nearly every granule holds the ones that people ask for.
 */
export const LOG_INDEXES: readonly LogIndex[] = [
  { name: 'receivedAtRange', definition: 'receivedAt TYPE minmax GRANULARITY 1' },
  { name: 'sourceAddressBloom', definition: 'sourceAddress TYPE bloom_filter(0.01) GRANULARITY 1' },
  { name: 'destinationAddressBloom', definition: 'destinationAddress TYPE bloom_filter(0.01) GRANULARITY 1' },
]

const TABLE_SETTINGS = {
  non_replicated_deduplication_window: 10_000, // tokens remembered: far more than segments ever wait
  fsync_after_insert: 1, // a segment is deleted once acknowledged, so the part must be on the disk by then
  fsync_part_directory: 1,
  min_parts_to_merge_at_once: 10, // a segment is well compressed already: merging in tens costs a quarter less CPU in all
  // A segment (some 17 MB) becomes one data file: 130 fsynced ones took 200 ms, one takes 90. Ten of them make a part of
  // files by column: a merge into one file holds all columns, (m) 118 MB of memory where column by column takes 84.
  min_bytes_for_wide_part: 67_108_864,
} as const

/** Of the engine that we ship alone; an older server may not know them. */
const EMBEDDED_SETTINGS = {
  auto_statistics_types: "''", // no plan of ours uses them, and they cost a tenth of an insert
} as const

function columnSql(column: LogColumn): string {
  return `\`${column.name}\` ${column.type} CODEC(${column.codec})`
}

/** The statement that creates the table when it is missing. */
export function createTableSql(table = LOG_TABLE, isEmbedded = false, indexes = LOG_INDEXES): string {
  const columns = [
    ...LOG_COLUMNS.map(columnSql),
    ...ALIAS_COLUMNS.map((column) => `\`${column.name}\` ${column.type} ALIAS ${column.expression}`),
    ...indexes.map(({ name, definition }) => `INDEX ${name} ${definition}`),
  ]
  const settings = Object.entries({ ...TABLE_SETTINGS, ...(isEmbedded ? EMBEDDED_SETTINGS : {}) }).map(
    ([name, value]) => `${name} = ${value}`,
  )
  return [
    `CREATE TABLE IF NOT EXISTS ${table} (`,
    `  ${columns.join(',\n  ')}`,
    ') ENGINE = MergeTree',
    'PARTITION BY toYYYYMMDD(receivedAt)',
    'ORDER BY (eventTime, segment, position)',
    `SETTINGS ${settings.join(', ')}`,
    `COMMENT '${tableComment()}'`,
  ].join('\n')
}

function tableComment(): string {
  return `active-defense logs, schema ${LOG_SCHEMA_VERSION}`
}

/** The schema version written in the table's comment; null for a table that is not ours. */
export function schemaVersionOf(comment: string): number | null {
  const match = /^active-defense logs, schema (\d+)$/.exec(comment)
  return match === null ? null : Number(match[1])
}

/**
 * Statements that add what an older table lacks: columns, and values at the end of enums. Nothing is ever dropped or
 * narrowed. `existing` is name and type as `system.columns` tells them.
 */
export function migrationSql(existing: ReadonlyMap<string, string>, table = LOG_TABLE): string[] {
  const statements: string[] = []
  for (const column of LOG_COLUMNS) {
    const type = existing.get(column.name)
    if (type === undefined)
      statements.push(`ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS ${columnSql(column)}`)
    else if (column.type.startsWith('Enum8') && type !== column.type && type.length < column.type.length)
      statements.push(`ALTER TABLE ${table} MODIFY COLUMN ${columnSql(column)}`)
  }
  for (const column of ALIAS_COLUMNS)
    if (!existing.has(column.name))
      statements.push(
        `ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS \`${column.name}\` ${column.type} ALIAS ${column.expression}`,
      )
  return statements
}

/** Statements that add the indexes which an older table lacks; parts from before have them once they are merged. */
export function indexMigrationSql(existing: ReadonlySet<string>, table = LOG_TABLE): string[] {
  return LOG_INDEXES.filter(({ name }) => !existing.has(name)).map(
    ({ name, definition }) => `ALTER TABLE ${table} ADD INDEX IF NOT EXISTS ${name} ${definition}`,
  )
}
