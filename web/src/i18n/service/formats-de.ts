/** Why a log line could not be read, by its format, and what to do about it. German. */
import type { FORMAT_SENTENCES } from '../../../../src/model/sentences/formats.ts'

export const formatsDe: Readonly<Record<keyof typeof FORMAT_SENTENCES, string>> = {
  'format.because': '{format}: {why}',
  'format.keyMissing': 'der Schlüssel {key} fehlt',
  'format.keyMissingOr': 'der Schlüssel {key} eines Alarms oder Flusses fehlt oder ist keine Adresse',
  'format.neither': 'weder SrcIP noch DstIP ist eine Adresse',
  'format.typeColumn': 'die Spalte des Typs nennt keinen Logtyp von PAN-OS',
  'format.ends': 'die Zeile endet vor Spalte {column} ({name})',
  'format.columnAddress': 'Spalte {column} ({name}) ist keine Adresse',
  'format.header': 'der Kopf hat weniger als {count} Felder',
  'format.noType': 'ein Logtyp von PAN-OS fehlt',
  'format.noSource': 'die Quelladresse fehlt',
  'format.noDestination': 'die Zieladresse fehlt',
  'format.sourceAddress': 'die Quelladresse ist keine Adresse',
  'format.destinationAddress': 'die Zieladresse ist keine Adresse',
  'format.source': 'die Quelle ist keine Adresse',
  'format.destination': 'das Ziel ist keine Adresse',
  'format.sourceColumn': 'die Spalte der Quelladresse ist keine Adresse',
  'format.destinationColumn': 'die Spalte der Zieladresse ist keine Adresse',
  'format.flowSource': 'die Quelle des Flusses ist keine Adresse',
  'format.flowDestination': 'das Ziel des Flusses ist keine Adresse',
  'format.notJson': 'die Zeile ist kein JSON',
  'format.notObject': 'der Text ist kein JSON-Objekt',
  'format.signature': 'die Signatur {form} fehlt',
  'format.suricataEnd': '{protocol} und Adressen fehlen am Ende',
  'format.keysMissing': 'die Schlüssel type und logid fehlen',
  'format.noField': 'kein bekanntes Feld ist da',
  'format.columns': 'die exportierte Zeile hat zu wenige Spalten',
  'format.behindBracket': 'hinter der schließenden Klammer steht weiterer Text',
  'format.behindNumber': 'hinter der Nummer der Meldung steht nichts',
  'format.noMessage': 'weder eine Nummer noch eine bekannte Meldung ist da',
  'format.quotes': 'der Text ist von einem anderen Programm als dem Kernel, das ein Paket nur zitiert',
  'format.netfilter': '{key}= fehlt oder ist keine Adresse',
  'format.ipVersion': 'Spalte {column} (IP-Version) ist weder 4 noch 6',
  'format.endsBefore': 'die Zeile endet vor der Zieladresse',
  'format.pfAction': 'die Wörter hinter der Regel sind nicht ACTION in|out on INTERFACE:',
  'format.pfFlow': 'source > destination: fehlt oder sind nicht zwei Adressen',
  'format.mikrotikFlow': 'eine Firewall-Zeile ohne den Fluss, address:port->address:port, hinter proto',
  'format.more': 'die Zeile enthält mehr als einen Eintrag',
  'format.template': 'die Zeile endet innerhalb der Vorlage, vor den Adressen',
  'parse.empty': 'leere Zeile',
  'parse.unknown': 'kein bekanntes Format einer Firewall',
  'parse.program': 'Text eines Programms, das keine Firewall ist',
  'parse.programNamed': 'der Text ist vom Programm {name}, das zu keiner Firewall gehört',
  'parse.harmless':
    'Nichts, wenn dies keine Firewall ist: solche Zeilen werden gespeichert und schaden nicht.',
  'parse.tag':
    'Hat eine Firewall es geschrieben, senden Sie es ohne das Tag: hinter einem Tag, das keine Firewall benutzt, wird Text nie als der einer Firewall gelesen, denn Programme protokollieren, was Fremde tippen.',
  'parse.behind': '{name} beginnt bei Byte {at}, hinter {front}, und das ist kein Syslog-Kopf',
  'parse.relay':
    'Lassen Sie das Relais die Meldung weitergeben, wie sie kam (rsyslog: Vorlage RSYSLOG_ForwardFormat oder RSYSLOG_FileFormat). [{where}]',
  'parse.words': 'sie hat Wörter von {format}, beginnt aber nicht wie dessen Zeilen',
  'parse.vendor': 'Lassen Sie das Logformat, wie der Hersteller es liefert. [{where}]',
  'parse.vendorOnly': 'Lassen Sie das Logformat, wie der Hersteller es liefert.',
  'parse.nothingKnown': 'sie sieht nach keinem Firewall-Format aus, das gelesen wird',
  'parse.harmlessDocs':
    'Nichts, wenn dies keine Firewall ist: solche Zeilen werden gespeichert und schaden nicht. Sonst nennt docs/parsing.md die Formate, die gelesen werden.',
  'parse.cut':
    'Die Zeile sieht abgeschnitten aus oder ist mit einer anderen Vorlage gemacht. Senden Sie über TCP oder TLS, und erhöhen Sie die Größe von Meldungen in Relais (rsyslog: global(maxMessageSize="64k")).',
  'parse.address':
    'Dort steht etwas anderes als eine Adresse. Schalten Sie Namensauflösung und Verdecken im Log aus, und sorgen Sie, dass kein Relais den Text ändert.',
  'parse.moved': 'Die Werte stehen nicht, wo sie sollten.',
  'parse.noPackets':
    'Dies sind keine Pakete und keine Bedrohungen: senden Sie nur das Log der Firewall, oder lassen Sie sie: sie werden gespeichert und schaden nicht. Hat ein Relais einen eigenen Namen vor Firewall-Zeilen gesetzt, tragen Sie diesen in parse.programs ein.',
  'parse.panos':
    'PAN-OS: Device > Server Profiles > Syslog > Custom Log Format: leer lassen (das übliche CSV), oder die Vorlage aus docs/firewalls/paloalto.md einfügen.',
  'parse.fortios':
    'FortiOS: config log syslogd setting, set format default (oder cef), set mode udp oder reliable.',
  'parse.checkpoint':
    'Check Point: cp_log_export set name NAME format syslog (oder cef) und cp_log_export restart.',
  'parse.cisco':
    'Cisco: logging trap informational, und die Kennungen der Meldungen (%ASA-6-302013) stehen lassen.',
  'parse.linux': 'Linux: mit iptables -j LOG, nft log oder ulogd in der Form LOGEMU protokollieren.',
  'parse.pfsense':
    'pfSense, OPNsense: nur die Ereignisse der Firewall senden, in der Form BSD oder RFC 5424.',
  'parse.mikrotik': 'RouterOS: /system logging action, bsd-syslog nach Wahl, topics firewall.',
  'parse.suricata': 'Suricata: outputs, eve-log, filetype syslog oder regular; oder fast.',
  'parse.cef': 'ArcSight CEF so senden, wie es ist: {example}',
  'parse.leef': 'QRadar LEEF so senden, wie es ist: {example} und Tabulator oder das genannte Trennzeichen.',
}
