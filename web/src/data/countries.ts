/**
 * Countries as firewalls write them (`United States`, `Korea Republic Of`, `US`) and as the map calls them, brought
 * together under ISO 3166-1 codes of two letters. What is no country (`10.0.0.0-10.255.255.255`, `European Union`) has
 * none. Names for people come from the browser.
 */

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'

/** Names that the browser does not give: of firewalls, of databases, of the map. */
const ALIASES: Readonly<Record<string, string>> = {
  'bolivia plurinational state of': 'BO',
  'bosnia and herz': 'BA',
  'brunei darussalam': 'BN',
  'cape verde': 'CV',
  'central african rep': 'CF',
  congo: 'CG',
  'congo the democratic republic of the': 'CD',
  'cote d ivoire': 'CI',
  'czech republic': 'CZ',
  'dem rep congo': 'CD',
  'dominican rep': 'DO',
  'eq guinea': 'GQ',
  'falkland is': 'FK',
  'fr s antarctic lands': 'TF',
  'great britain': 'GB',
  'hong kong': 'HK',
  'iran islamic republic of': 'IR',
  'ivory coast': 'CI',
  'korea democratic peoples republic of': 'KP',
  'korea republic of': 'KR',
  'lao peoples democratic republic': 'LA',
  'libyan arab jamahiriya': 'LY',
  macao: 'MO',
  macau: 'MO',
  macedonia: 'MK',
  'macedonia the former yugoslav republic of': 'MK',
  'micronesia federated states of': 'FM',
  'moldova republic of': 'MD',
  myanmar: 'MM',
  palestine: 'PS',
  'palestinian territory occupied': 'PS',
  'russian federation': 'RU',
  's sudan': 'SS',
  'solomon is': 'SB',
  swaziland: 'SZ',
  'syrian arab republic': 'SY',
  'taiwan province of china': 'TW',
  'taiwan roc': 'TW',
  'tanzania united republic of': 'TZ',
  'timor leste': 'TL',
  turkey: 'TR',
  'united states of america': 'US',
  usa: 'US',
  'venezuela bolivarian republic of': 'VE',
  'viet nam': 'VN',
  'virgin islands british': 'VG',
  'virgin islands us': 'VI',
  'w sahara': 'EH',
}

function plain(name: string): string {
  return name
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll('&', 'and')
    .replace(/d['’]i/g, 'd i')
    .replace(/['’]/g, '')
    .replace(/[^a-z]+/g, ' ')
    .trim()
}

interface Known {
  readonly codes: ReadonlySet<string>
  readonly byName: ReadonlyMap<string, string>
}

let known: Known | null = null

/** Codes, also by the browser's English names; made once. */
function countries(): Known {
  if (known !== null) return known
  const names = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' })
  const codes = new Set<string>()
  const byName = new Map<string, string>(Object.entries(ALIASES))
  for (const first of LETTERS)
    for (const second of LETTERS) {
      const code = first + second
      const name = names.of(code)
      if (name === undefined) continue
      codes.add(code)
      if (!byName.has(plain(name))) byName.set(plain(name), code)
    }
  known = { codes, byName }
  return known
}

/** The code of a country's name or code; null when it is none. */
export function countryCode(text: string): string | null {
  const { codes, byName } = countries()
  if (codes.has(text)) return text
  return byName.get(plain(text)) ?? null
}

/** The name for people; what is no country stays as it was written. */
export function countryName(text: string, language: string): string {
  const code = countryCode(text)
  if (code === null) return text
  return new Intl.DisplayNames([language], { type: 'region' }).of(code) ?? text
}
