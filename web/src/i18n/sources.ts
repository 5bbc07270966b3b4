/** Texts about who sends lines and about devices that are registered by hand, in both languages. */
export const sourcesEn = {
  'sources.trust': 'Trust',
  'sources.trustOf': 'Trust {sender}',
  'sources.trusted': '{sender} is a known sender now.',
  'sources.pendingUse':
    'Lines of unknown senders count too. Trust your firewalls here, then set senders.unknown to “store” at Settings: from then on forged lines convict nobody.',
  'sources.pendingStore':
    'Lines of unknown senders are stored and convict nobody. Trust those that are yours.',
  'sources.setUp': 'Show what to set up on the firewall',
  'sources.sendersEmpty':
    'Nobody has sent a line yet. Whoever does appears here, with how many and over which way.',
  'sources.seen': '{count} lines',
  'sources.seen_one': '1 line',
  'register.title': 'Registered by hand',
  'register.hint':
    'Firewalls appear by themselves with their first line. Register one here for a time zone of its own, or for a log file to follow.',
  'register.empty':
    'Nothing is registered. Do it for a firewall in another time zone whose lines name none, or for a log file outside the usual folder.',
  'register.add': 'Register a device',
  'register.name': 'Host name, as its lines or its file name say it',
  'register.zone': 'Time zone',
  'register.zoneNone': 'as this service: {zone}',
  'register.file': 'Log file to follow',
  'register.fileHint': 'Empty: it sends by network. In {folders}; * stands for any text in a name.',
  'register.badFile':
    'The file must lie in {folders}. Other folders are allowed by files.folders in the configuration file.',
  'register.column.device': 'Device or file',
  'register.column.what': 'Registered',
  'register.follows': 'followed log file',
  'register.inZone': 'time zone {zone}',
  'register.remove': 'Remove',
  'register.saved': 'Registered. Following of a new file begins after a restart.',
  'register.savedZone': 'Registered. The time zone is in force.',
} as const

export const sourcesDe: Readonly<Record<keyof typeof sourcesEn, string>> = {
  'sources.trust': 'Vertrauen',
  'sources.trustOf': '{sender} vertrauen',
  'sources.trusted': '{sender} ist jetzt ein bekannter Absender.',
  'sources.pendingUse':
    'Zeilen unbekannter Absender zählen mit. Vertrauen Sie hier Ihren Firewalls und stellen Sie danach senders.unknown bei den Einstellungen auf „store“: Dann überführen gefälschte Zeilen niemanden.',
  'sources.pendingStore':
    'Zeilen unbekannter Absender werden gespeichert und überführen niemanden. Vertrauen Sie denen, die Ihnen gehören.',
  'sources.setUp': 'Zeigen, was auf der Firewall einzurichten ist',
  'sources.sendersEmpty':
    'Noch hat niemand eine Zeile geschickt. Wer es tut, erscheint hier, mit Anzahl und Weg.',
  'sources.seen': '{count} Zeilen',
  'sources.seen_one': '1 Zeile',
  'register.title': 'Von Hand eingetragen',
  'register.hint':
    'Firewalls erscheinen von selbst mit ihrer ersten Zeile. Tragen Sie hier eine ein, die eine eigene Zeitzone hat oder deren Logdatei gelesen werden soll.',
  'register.empty':
    'Nichts ist eingetragen. Tun Sie es für eine Firewall in anderer Zeitzone, deren Zeilen keine nennen, oder für eine Logdatei außerhalb des üblichen Ordners.',
  'register.add': 'Gerät eintragen',
  'register.name': 'Rechnername, wie ihn ihre Zeilen oder ihr Dateiname nennen',
  'register.zone': 'Zeitzone',
  'register.zoneNone': 'wie dieser Dienst: {zone}',
  'register.file': 'Logdatei, die gelesen wird',
  'register.fileHint': 'Leer: es schickt über das Netz. In {folders}; * steht für beliebigen Text im Namen.',
  'register.badFile':
    'Die Datei muss in {folders} liegen. Weitere Ordner erlaubt files.folders in der Konfigurationsdatei.',
  'register.column.device': 'Gerät oder Datei',
  'register.column.what': 'Eingetragen',
  'register.follows': 'gelesene Logdatei',
  'register.inZone': 'Zeitzone {zone}',
  'register.remove': 'Entfernen',
  'register.saved': 'Eingetragen. Eine neue Datei wird nach einem Neustart gelesen.',
  'register.savedZone': 'Eingetragen. Die Zeitzone gilt.',
}
