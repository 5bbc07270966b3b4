/** Texts about devices that are registered by hand, in both languages. */
export const sourcesEn = {
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
  'register.column.what': 'What is registered',
  'register.follows': 'followed log file',
  'register.inZone': 'time zone {zone}',
  'register.remove': 'Remove',
  'register.saved': 'Registered. Following of a new file begins after a restart.',
  'register.savedZone': 'Registered. The time zone is in force.',
} as const

export const sourcesDe: Readonly<Record<keyof typeof sourcesEn, string>> = {
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
  'register.column.what': 'Was eingetragen ist',
  'register.follows': 'gelesene Logdatei',
  'register.inZone': 'Zeitzone {zone}',
  'register.remove': 'Entfernen',
  'register.saved': 'Eingetragen. Eine neue Datei wird nach einem Neustart gelesen.',
  'register.savedZone': 'Eingetragen. Die Zeitzone gilt.',
}
