/** Texts of the table of network owners. */
export const ownersEn = {
  'owners.by': 'Attacks by',
  'owners.byCountry': 'Country',
  'owners.byOwner': 'Network owner',
  'owners.title': 'Whose networks attacks come from',
  'owners.owner': 'Network owner',
  'owners.noDatabase':
    'No database of network owners is set. The setting geo.owner names one, such as GeoLite2-ASN.mmdb or another in its format.',
  'owners.cut': 'Counted over the {count} most frequent sources.',
  'owners.unknown': 'Of {count} lines the owner is not known.',
} as const

export const ownersDe: Readonly<Record<keyof typeof ownersEn, string>> = {
  'owners.by': 'Angriffe nach',
  'owners.byCountry': 'Land',
  'owners.byOwner': 'Netzbetreiber',
  'owners.title': 'Aus wessen Netzen Angriffe kommen',
  'owners.owner': 'Netzbetreiber',
  'owners.noDatabase':
    'Keine Datenbank der Netzbetreiber ist eingestellt. Die Einstellung geo.owner nennt eine, etwa GeoLite2-ASN.mmdb oder eine andere in deren Format.',
  'owners.cut': 'Gezählt über die {count} häufigsten Quellen.',
  'owners.unknown': 'Von {count} Zeilen ist der Betreiber nicht bekannt.',
}
