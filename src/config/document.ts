/**
 * docs/config.md as text, printed from the table of settings, so that the document cannot say anything else than the
 * program does. `scripts/generate-docs.ts` writes it; a test fails when the file is stale.
 */
import { definitionOf, describeKind } from './coerce.ts'
import { DEFAULT_NOTES, SECRET_KEYS, SETTING_KEYS, type SettingKey } from './schema.ts'
import { environmentName } from './sources.ts'

const HEAD = `# Settings

Printed from \`src/config/schema.ts\` by \`npm run -s cli -- :docs\`; do not edit by hand.

A setting can be given in five places. Later ones win:

1. the default below,
2. the state database (what \`active-defense settings set\` and the pages keep),
3. a YAML file: \`--config FILE\`, else \`config.yaml\` in the data folder, else \`active-defense.yaml\` in the working directory,
4. the environment: \`ADS__DETECTION__PORTSCAN__PORTS=20\` (two underscores for a dot, case does not matter),
5. the command line: \`--set detection.portScan.ports=20\`, as often as needed; \`--data DIR\` is short for \`--set data.dir=DIR\`.

In YAML, keys may be nested (\`detection: {portScan: {ports: 20}}\`) or dotted. As text, a list is separated by commas,
a map is \`NAME=VALUE,NAME=VALUE\`, and bytes may be written as \`16 MiB\`. One name of a map is a key of its own:
\`--set time.deviceZones.fw-1=Europe/Berlin\`. Relative paths are meant from the working directory.
A secret can be kept in a file of its own: \`metrics.tokenFile: /run/secrets/token\`, or \`ADS__METRICS__TOKEN_FILE\`.
An unknown key or a value that does not fit stops the start (exit code 3) and says where it stands.

"at once" in the last column: a change by \`settings set\` or a reload acts without a restart.
`

/** The whole document, ending in a line feed. */
export function settingsDocument(): string {
  const sections = [...new Set(SETTING_KEYS.map((key) => key.split('.')[0] ?? ''))]
  return HEAD + sections.map(sectionText).join('')
}

function sectionText(section: string): string {
  const rows = SETTING_KEYS.filter((key) => key.startsWith(`${section}.`)).map(rowText)
  const head = '| key | default | takes | meaning | change |\n|---|---|---|---|---|\n'
  return `\n## ${section}\n\n${head}${rows.join('')}`
}

function rowText(key: SettingKey): string {
  const { description, live } = definitionOf(key)
  const secret = SECRET_KEYS.includes(key) ? ` Secret: \`${key}File\`, \`${environmentName(key)}_FILE\`.` : ''
  const cells = [
    `\`${key}\``,
    defaultText(key),
    describeKind(key),
    description + secret,
    live ? 'at once' : 'restart',
  ]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`
}

function defaultText(key: SettingKey): string {
  const note = DEFAULT_NOTES[key]
  if (note !== undefined) return note
  const value = definitionOf(key).default
  if (Array.isArray(value)) return value.length === 0 ? 'empty' : `\`${value.join(', ')}\``
  if (value === '' || (typeof value === 'object' && value !== null)) return 'empty'
  return `\`${String(value)}\``
}
