/**
 * Numbered lines in the older system's custom format, made fast: the number stands in the user's place (`u123`), so the
 * store can tell which are missing and which are there twice. Every line of the benign mass says the same but for that.
 */
export interface LineFields {
  readonly number: number
  readonly source: string
  readonly destination?: string
  readonly port: number
  readonly action?: string
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
let second = Number.NaN
let header = ''
let received = ''

/** One line without its end, stamped now (UTC), as rsyslog writes it into a file. */
export function numberedLine(fields: LineFields): string {
  const now = Math.floor(Date.now() / 1000)
  if (now !== second) {
    second = now
    const text = new Date(now * 1000).toISOString()
    const day = String(Number(text.slice(8, 10))).padStart(2)
    header = `${MONTHS[Number(text.slice(5, 7)) - 1]} ${day} ${text.slice(11, 19)} edge-fw-1`
    received = `${text.slice(0, 10).replaceAll('-', '/')} ${text.slice(11, 19)}`
  }
  return (
    `${header} SrcLocation=Testland; SrcIP=${fields.source}; SrcPort=51514; SrcUser=u${fields.number}; ` +
    `DstLocation=Testland; DstIP=${fields.destination ?? '203.0.113.10'}; DstPort=${fields.port}; ` +
    `Action=${fields.action ?? 'drop'}; RuleName=Active Defense sensor; RuleID=; TimeReceived=${received}; ` +
    'ThreatName=$threat_name; ThreatID=$threatid; Severity=$severity; Subtype=drop; Type= TRAFFIC;'
  )
}

/** A line of somebody who does nothing wrong: one of 200 sources, always the same destination and port. */
export function benignLine(number: number): string {
  return numberedLine({ number, source: `192.0.2.${(number % 200) + 1}`, port: 443, action: 'allow' })
}

/** SQL that counts the numbered records and their distinct numbers, and names the first that are missing or doubled. */
export function numbersSql(count: number): string {
  const number = 'toUInt64OrZero(substring(sourceUser, 2))'
  const logs = "logs WHERE startsWith(sourceUser, 'u')"
  return `SELECT count() AS records, uniqExact(sourceUser) AS numbers,
    (SELECT groupArray(n) FROM (SELECT number AS n FROM numbers(${count}) WHERE number NOT IN (SELECT ${number} FROM ${logs}) LIMIT 5)) AS missing,
    (SELECT groupArray(n) FROM (SELECT ${number} AS n FROM ${logs} GROUP BY n HAVING count() > 1 ORDER BY n LIMIT 5)) AS twice
  FROM ${logs}`
}

export interface Numbers {
  readonly records: string | number
  readonly numbers: string | number
  readonly missing: readonly (string | number)[]
  readonly twice: readonly (string | number)[]
}
