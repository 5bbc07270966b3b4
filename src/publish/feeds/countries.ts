/**
 * Names of countries made comparable: firewalls write English names in several manners ("Russian Federation", "Russia"),
 * codes ("RU") or regions of their own ("Internal"), and people write either. Codes and names are those of ISO 3166 as the
 * runtime knows them (Unicode CLDR); the names that ISO, PAN-OS, FortiOS and MaxMind spell otherwise are below.
 */

const REGION_NAMES = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' })

/** Spellings that differ from CLDR's by more than accents, "&" and "the", by code. */
const OTHER_SPELLINGS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'bolivia plurinational state of': 'BO',
    'brunei darussalam': 'BN',
    burma: 'MM',
    'cabo verde': 'CV',
    'china hong kong': 'HK',
    congo: 'CG',
    'congo republic': 'CG',
    'congo democratic republic of': 'CD',
    'congo the democratic republic of the': 'CD',
    'congo democratic republic of the': 'CD',
    'dr congo': 'CD',
    'republic of the congo': 'CG',
    'czech republic': 'CZ',
    'east timor': 'TL',
    'falkland islands malvinas': 'FK',
    'great britain': 'GB',
    'holy see': 'VA',
    'holy see vatican city state': 'VA',
    'hong kong': 'HK',
    'iran islamic republic of': 'IR',
    'ivory coast': 'CI',
    'hashemite kingdom of jordan': 'JO',
    korea: 'KR',
    'korea republic of': 'KR',
    'republic of korea': 'KR',
    'korea democratic people s republic of': 'KP',
    'lao people s democratic republic': 'LA',
    'libyan arab jamahiriya': 'LY',
    'republic of lithuania': 'LT',
    macao: 'MO',
    macau: 'MO',
    macedonia: 'MK',
    'macedonia the former yugoslav republic of': 'MK',
    'federated states of micronesia': 'FM',
    'micronesia federated states of': 'FM',
    'moldova republic of': 'MD',
    'republic of moldova': 'MD',
    myanmar: 'MM',
    'netherlands antilles': 'AN',
    palestine: 'PS',
    'palestinian territory': 'PS',
    'palestinian territory occupied': 'PS',
    'palestine state of': 'PS',
    'russian federation': 'RU',
    'saint kitts and nevis': 'KN',
    'saint lucia': 'LC',
    'saint martin': 'MF',
    'saint vincent and the grenadines': 'VC',
    swaziland: 'SZ',
    'syrian arab republic': 'SY',
    'taiwan roc': 'TW',
    'taiwan province of china': 'TW',
    'tanzania united republic of': 'TZ',
    turkey: 'TR',
    usa: 'US',
    'united states of america': 'US',
    'venezuela bolivarian republic of': 'VE',
    'viet nam': 'VN',
    'virgin islands british': 'VG',
    'virgin islands u s': 'VI',
  }),
)

/** Keys of names seen. There are some hundreds of them, were it not for regions that people name. */
const KEYS_KEPT = 2000
const keys = new Map<string, string>()

/** A text that is the same for all ways to name a country; of what is no country's name or code its own words. */
export function countryKey(text: string): string {
  const known = keys.get(text)
  if (known !== undefined) return known
  const key = keyOfName(text)
  if (keys.size < KEYS_KEPT) keys.set(text, key)
  return key
}

function keyOfName(text: string): string {
  const words = wordsOf(text)
  const code = OTHER_SPELLINGS.get(words) ?? (/^[a-z]{2}$/.test(words) ? words.toUpperCase() : null)
  const name = code === null ? undefined : REGION_NAMES.of(code)
  return name === undefined ? words : wordsOf(name)
}

/** Small letters and digits of the text, without accents and "the", parted by single blanks. */
function wordsOf(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll('&', ' and ')
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
    .replace(/^the /, '')
}
