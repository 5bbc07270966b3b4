/**
 * The firewall formats we read. A new format is one file under firewall/ and one row in this table (and its name in
 * FORMATS of the model).
 */
import type { RecordBatch } from '../model/record-batch.ts'
import { cef } from './firewall/cef.ts'
import { checkpointCef } from './firewall/cef-checkpoint.ts'
import { fortigateCef } from './firewall/cef-fortigate.ts'
import { paloaltoCef } from './firewall/cef-paloalto.ts'
import { leef } from './firewall/leef.ts'
import { paloaltoLeef } from './firewall/leef-paloalto.ts'
import { suricataEve } from './firewall/suricata-eve.ts'
import { suricataFast } from './firewall/suricata-fast.ts'
import { checkpoint } from './firewall/checkpoint.ts'
import { cisco } from './firewall/cisco.ts'
import { fortigateKv } from './firewall/fortigate-kv.ts'
import { paloaltoCsv } from './firewall/paloalto-csv.ts'
import { paloaltoCustom } from './firewall/paloalto-custom.ts'
import { paloaltoJson } from './firewall/paloalto-json.ts'
import { paloaltoKeyvalue } from './firewall/paloalto-keyvalue.ts'
import { paloaltoTemplate } from './firewall/paloalto-template.ts'
import { filterlog } from './firewall/filterlog.ts'
import { mikrotik } from './firewall/mikrotik.ts'
import { openvpn } from './firewall/openvpn.ts'
import { openssh } from './firewall/openssh.ts'
import { service } from './firewall/service.ts'
import { pfText } from './firewall/pf-text.ts'
import { netfilter } from './firewall/netfilter.ts'
import type { Line } from './line.ts'

export interface LineFormat {
  /** Its index in FORMATS. */
  readonly code: number
  readonly name: string
  /** Why a recognised line could not be read, each a plain sentence: closed list, so it can be counted. */
  readonly reasons: readonly string[]
  /** Reads lines of a program that is no firewall's, which it knows by that program's name alone. */
  readonly isService?: boolean
  /**
   * Looks for its text further back than the front, so it may find it in what another format's line quotes: tried only
   * behind the formats before it in the table. Formats without this must tell their lines by the front alone.
   */
  readonly isSearching?: boolean
  /** Whether the text at `line.at` has this format's shape, by its first bytes. Cheap and strict. */
  recognise(line: Line): boolean
  /** Reads the line into the row. Returns -1, or the index of the reason why it could not; never throws. */
  read(line: Line, into: RecordBatch, row: number): number
  /**
   * Reads rows from `row` on as long as they are like `line`, which this format has just read: at most to `to`, and only
   * what `read` would read in the same way. Returns the first row that it did not read.
   */
  readRows?(line: Line, into: RecordBatch, row: number, to: number): number
}

/** In the order in which they are tried when a sender is new. */
export const LINE_FORMATS: readonly LineFormat[] = [
  paloaltoCustom,
  paloaltoCsv,
  paloaltoCef,
  fortigateCef,
  checkpointCef,
  cef,
  paloaltoLeef,
  leef,
  suricataEve,
  suricataFast,
  fortigateKv,
  checkpoint,
  cisco,
  netfilter,
  filterlog,
  pfText,
  mikrotik,
  openvpn,
  openssh,
  service,
  paloaltoKeyvalue,
  paloaltoJson,
  paloaltoTemplate,
]
