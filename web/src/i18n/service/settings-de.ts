/** What each setting of the service means, by its key. The English meaning is the service's own (src/config/schema.ts). */
import type { SettingKey } from '../../../../src/config/schema.ts'

export const settingsDe: Readonly<Record<SettingKey, string>> = {
  'data.dir': 'Ordner mit allen Daten des Dienstes.',
  'syslog.udp.listen': 'Syslog über UDP; leer schaltet es aus.',
  'syslog.udp.receiveBuffer':
    'Empfangspuffer, der vom Kernel erbeten wird; er gewährt höchstens net.core.rmem_max.',
  'syslog.tcp.listen': 'Syslog über TCP; leer schaltet es aus.',
  'syslog.tcp.maxConnections':
    'So viele TCP-Verbindungen bleiben zugleich offen; 100 davon von einer Adresse.',
  'syslog.tcp.idleSeconds': 'Eine TCP-Verbindung, die so lange keine ganze Meldung bringt, wird geschlossen.',
  'syslog.tls.listen': 'Syslog über TLS; leer schaltet es aus.',
  'syslog.tls.clientCa':
    'PEM-Datei der Stellen, deren Client-Zertifikate Syslog über TLS verlangt, mit ihren Widerrufslisten, falls es welche gibt; leer verlangt keine. Wird neu gelesen, wenn die Datei sich ändert.',
  'input.http.token':
    'Bearer-Schlüssel für Logzeilen über POST /api/v1/lines an web.listen; leer schaltet das aus.',
  'senders.known':
    'Wer Logzeilen senden darf: Adressen, Netze und Namen in Client-Zertifikaten (`*` steht für beliebigen Text). Verfolgte Dateien und wer input.http.token hat, sind immer bekannt.',
  'senders.unknown':
    'Zeilen anderer Absender: für die Erkennung benutzt und als nicht vertraut gezeigt, oder nur gespeichert, so dass sie niemanden überführen.',
  'relay.to':
    'Ein weiterer Syslog-Server, der jede Zeile bekommt, wie sie kam, über TCP mit Längenangabe (octet counting); leer schaltet es aus.',
  'relay.files': 'Auch die Zeilen verfolgter Dateien weitergeben.',
  'files.watch': 'Logdateien, die verfolgt werden; eine neue Datei ist ein neues Gerät.',
  'files.folders':
    'Ordner, in denen Logdateien verfolgt werden dürfen, die im laufenden Betrieb eingetragen werden, auf der Seite oder mit einem Befehl. Was die Konfigurationsdatei selbst in files.watch nennt, ist nicht daran gebunden.',
  'files.afterRead': 'Was mit einer Logdatei geschieht, sobald jede ihrer Zeilen gespeichert ist.',
  'web.listen': 'HTTPS: Sperrliste, API und Seiten.',
  'web.tls.cert':
    'Eigene Zertifikatskette als PEM; leer nimmt die beim ersten Start gemachte. Wird neu gelesen, wenn die Datei sich ändert.',
  'web.tls.key': 'Privater Schlüssel des eigenen Zertifikats als PEM.',
  'web.names': 'Namen und Adressen für das gemachte Zertifikat, neben denen dieser Maschine.',
  'web.plainPage':
    'Wer die einfache Zustandsseite unter /plain lesen darf: wer angemeldet ist (oder einen Schlüssel sendet), oder jeder, für einen Bildschirm an der Wand.',
  'crowdsec.listen':
    'Klartext-HTTP für CrowdSec-Bouncer, die http://127.0.0.1:8080 fragen, wenn nichts anderes gesagt ist; leer lässt CrowdSecs API an web.listen.',
  'import.privateTargets':
    'Private und andere besondere Netze, aus denen Listen anderer gelesen werden dürfen, auch ohne TLS; sonst nur von öffentlichen Adressen über HTTPS.',
  'import.folders':
    'Ordner auf dem Server, aus denen Listen anderer gelesen werden dürfen, wohin Verweise darin auch führen; eine Liste als URL braucht keinen.',
  'metrics.listen': 'Klartext-HTTP nur für /metrics; leer lässt es an web.listen, hinter metrics.token.',
  'metrics.token': 'Bearer-Schlüssel für /metrics an web.listen; leer weist es dort ab.',
  'logs.url': 'Ein ClickHouse-Server für die Logs; leer benutzt die eingebaute Datenbank.',
  'logs.keepRaw': 'Den Text jeder Zeile neben ihren Feldern speichern.',
  'logs.memory': 'Speicher, den die eingebaute Datenbank nehmen darf.',
  'state.url': 'Ein PostgreSQL-Server für den Zustand; leer benutzt SQLite im Datenordner.',
  'parse.paloaltoTemplates':
    "Eigene Logformate von PAN-OS, wie es sie zeigt, als YAML-Liste: `['src=$src|dst=$dst|...']`. Mit Maskierung: `{template: '...', escapedCharacters: '|', escapeCharacter: '#'}`. Das Format des ursprünglichen Systems ist eingebaut.",
  'parse.programs':
    'Programme (Tag oder APP-NAME im Syslog-Kopf), deren Text neben den bekannten als Firewall-Zeile gelesen wird: für ein Relais, das dort einen eigenen Namen setzt. Text anderer Programme wird nie gelesen, denn darin können Fremde schreiben.',
  'networks.own':
    'Ihre eigenen öffentlichen Netze: nie gesperrt, und nur Verkehr zu ihnen zählt als von außen kommend. Leer: jedes Ziel.',
  'networks.public':
    'Netze für besondere Zwecke, die trotzdem als öffentlich gelten (Tests und die Vorführung nennen die Bereiche für Dokumentation).',
  'geo.country':
    'Eine Länder- oder Städtedatenbank im Format von MaxMind (.mmdb), für Länder, die Firewalls nicht senden. Wird neu gelesen, wenn sie sich ändert.',
  'geo.owner':
    'Eine ASN-Datenbank im Format von MaxMind (.mmdb): wer eine Adresse ankündigt. Wird neu gelesen, wenn sie sich ändert.',
  'time.zone':
    'Zeitzone der nächtlichen Läufe und der Firewalls, die Ortszeiten senden und keine eigene Zeitzone haben.',
  'time.deviceZones': 'Zeitzone je Gerät, für Firewalls anderswo.',
  'detection.portScan.mode': 'Portscan (Fall 1): shadow meldet, was er sperren würde, und sperrt nichts.',
  'detection.portScan.spoofable':
    'Portscan: was mit einer Quelle geschieht, die gefälscht sein könnte (keine Sitzung kam zustande): gesperrt, für decisions.briefHours gesperrt, oder zur Prüfung zurückgehalten.',
  'detection.portScan.ports': 'Fall 1 löst bei mehr als so vielen Ports eines Ziels aus.',
  'detection.portScan.minutes': 'Zeitfenster von Fall 1; 0 schaltet ihn aus.',
  'detection.hostSweep.mode': 'Host-Sweep (Fall 2): shadow meldet, was er sperren würde, und sperrt nichts.',
  'detection.hostSweep.spoofable':
    'Host-Sweep: was mit einer Quelle geschieht, die gefälscht sein könnte (keine Sitzung kam zustande): gesperrt, für decisions.briefHours gesperrt, oder zur Prüfung zurückgehalten.',
  'detection.hostSweep.addresses': 'Fall 2 löst ab so vielen Zielen auf einem Port aus.',
  'detection.hostSweep.minutes': 'Zeitfenster von Fall 2; 0 schaltet ihn aus.',
  'detection.threat.mode': 'Bedrohung (Fall 3): shadow meldet, was sie sperren würde, und sperrt nichts.',
  'detection.threat.spoofable':
    'Bedrohung: was mit einer Quelle geschieht, die gefälscht sein könnte (keine Sitzung kam zustande): gesperrt, für decisions.briefHours gesperrt, oder zur Prüfung zurückgehalten.',
  'detection.threat.level': 'Fall 3: 1 kritisch, 2 kritisch oder hoch; 0 schaltet ihn aus.',
  'detection.slowScan.mode': 'Langsamer Scan: shadow meldet, was er sperren würde, und sperrt nichts.',
  'detection.slowScan.spoofable':
    'Langsamer Scan: was mit einer Quelle geschieht, die gefälscht sein könnte (keine Sitzung kam zustande): gesperrt, für decisions.briefHours gesperrt, oder zur Prüfung zurückgehalten.',
  'detection.slowScan.perHour':
    'Der langsame Scan löst bei mehr als so vielen Paaren (Ziel, Port) einer Quelle innerhalb von 1 Stunde aus; 0 lässt dieses Zeitfenster weg.',
  'detection.slowScan.perSixHours': 'Dasselbe innerhalb von 6 Stunden.',
  'detection.slowScan.perDay': 'Dasselbe innerhalb von 24 Stunden.',
  'detection.subnetScan.mode': 'Netz-Scan: shadow meldet, was er sperren würde, und sperrt nichts.',
  'detection.subnetScan.spoofable':
    'Netz-Scan: was mit einer Quelle geschieht, die gefälscht sein könnte (keine Sitzung kam zustande): gesperrt, für decisions.briefHours gesperrt, oder zur Prüfung zurückgehalten.',
  'detection.subnetScan.sources':
    'Der Netz-Scan braucht mindestens so viele Quellen eines /24 (IPv4) oder /48 (IPv6).',
  'detection.subnetScan.perHour':
    'Der Netz-Scan löst bei mehr als so vielen Paaren (Ziel, Port) eines /24 oder /48 innerhalb von 1 Stunde aus; 0 lässt dieses Zeitfenster weg.',
  'detection.subnetScan.perDay': 'Dasselbe innerhalb von 24 Stunden.',
  'detection.randomScan.mode': 'Zufalls-Scan: shadow meldet, was er sperren würde, und sperrt nichts.',
  'detection.randomScan.spoofable':
    'Zufalls-Scan: was mit einer Quelle geschieht, die gefälscht sein könnte (keine Sitzung kam zustande): gesperrt, für decisions.briefHours gesperrt, oder zur Prüfung zurückgehalten.',
  'detection.randomScan.pairs':
    'Der Zufalls-Scan löst bei mehr als so vielen Paaren (Ziel, Port) einer Quelle aus.',
  'detection.randomScan.hosts': 'Die Paare müssen sich über mindestens so viele Ziele verteilen.',
  'detection.randomScan.ports': 'Die Paare müssen sich über mindestens so viele Ports verteilen.',
  'detection.randomScan.minutes': 'Zeitfenster des Zufalls-Scans; 0 schaltet ihn aus.',
  'detection.bruteForce.mode': 'Kennwortraten: shadow meldet, was es sperren würde, und sperrt nichts.',
  'detection.bruteForce.spoofable':
    'Kennwortraten: was mit einer Quelle geschieht, die gefälscht sein könnte (keine Sitzung kam zustande): gesperrt, für decisions.briefHours gesperrt, oder zur Prüfung zurückgehalten.',
  'detection.bruteForce.failures':
    'Kennwortraten löst bei mehr als so vielen gescheiterten VPN- oder Portal-Anmeldungen einer Quelle aus.',
  'detection.bruteForce.users':
    'Kennwortraten löst auch aus, wenn eine Quelle als mehr als so viele Benutzer an der Anmeldung scheitert (Password Spraying).',
  'detection.bruteForce.minutes': 'Zeitfenster des Kennwortratens; 0 schaltet es aus.',
  'detection.vendorScan.mode':
    'Scan laut Firewall (ihre eigenen Scan- und Flutmeldungen): shadow meldet, was er sperren würde, und sperrt nichts.',
  'detection.vendorScan.spoofable':
    'Scan laut Firewall: was mit einer Quelle geschieht, die gefälscht sein könnte (keine Sitzung kam zustande): gesperrt, für decisions.briefHours gesperrt, oder zur Prüfung zurückgehalten.',
  'detection.vendorScan.records':
    'Löst ab so vielen Scan- oder Flutmeldungen der Firewall zu einer Quelle aus.',
  'detection.vendorScan.minutes': 'Zeitfenster der Scanmeldungen der Firewall; 0 schaltet sie aus.',
  'detection.darkWeight':
    'Eine Zeile zu einer Adresse oder einem Port, die 24 Stunden lang niemandem antworteten, zählt als so viele verschiedene Werte; 0 schaltet das Lernen aus.',
  'detection.lateReplyGuard': 'Späte Antworten von Servern (DNS, QUIC, HTTPS, ...) nicht als Scans zählen.',
  'detection.ipv6Prefix': 'IPv6-Quellen werden nach diesem Präfix gezählt und gesperrt.',
  'detection.maxAgeHours': 'Ältere Zeilen werden gespeichert und zählen nicht.',
  'detection.maxKeys':
    'Quellen, die Portscan und Host-Sweep im Speicher behalten. Schlüssel (eine Quelle mit einem Ziel oder einem Port), die beide daneben zählen, dürfen halb so viele sein, ebenso die Quellen der langen Fenster.',
  'detection.devices':
    'Schwellen und Betriebsarten einzelner Geräte: `fw-lab: {portScan.ports: 50, hostSweep.mode: shadow}`; Schlüssel sind die Einstellungen der Regeln ohne `detection.`. Höchstens 8 verschiedene Sätze davon.',
  'detection.exceptions':
    'Zeilen, die für eine Regel nicht zählen: `[{rule: host-sweep, source: 192.0.2.0/24, port: 443, reason: "unsere Überwachung"}]`. Bedingungen: zone (Quelle oder Ziel), device, source, sourceCountry, destination, port (oder Bereich 1-1023), firewallRule; alle angegebenen müssen gelten. Ohne rule: alle Regeln. Ein Grund ist nötig.',
  'detection.destinationWeights':
    'Eine Zeile zu einem solchen Ziel zählt in Scanregeln als so viele verschiedene Ports, Rechner oder Paare: 0 gar nicht, 1 wie alle anderen, bis 10. Das engste Netz entscheidet.',
  'detection.guards.resolvers':
    'Nicht zählen, was wie die Antwort eines bekannten öffentlichen Resolvers aussieht, auf jedem Port ab 1024.',
  'detection.guards.contentNetworks':
    'Nicht zählen, was wie die Antwort der großen Content-Netze aussieht, auf jedem Port ab 1024.',
  'detection.guards.networks':
    'Weitere Netze, deren Antworten behandelt werden wie die der großen Content-Netze.',
  'detection.guards.knownPeers':
    'Eine Sperre zur Prüfung zurückhalten, wenn nur fälschbare Pakete eine Gegenstelle überführen, mit der in den letzten 30 Tagen Sitzungen zustande kamen.',
  'detection.guards.administrators': 'Nie eine Adresse sperren, von der aus ein Verwalter angemeldet ist.',
  'decisions.maxPerMinute': 'Mehr neue Sperren der Erkennung als so viele werden zur Prüfung zurückgehalten.',
  'decisions.graceHours':
    'Nachdem ein Mensch eine Sperre aufgehoben hat, lässt die Erkennung die Adresse so lange in Ruhe.',
  'decisions.briefHours':
    'Eine Sperre auf Beweise hin, die gefälscht sein könnten, dauert so lange, wo eine Regel `brief` sagt; weitere Zeilen verlängern sie nicht.',
  'decisions.repeatOffender.mode':
    'Längere Sperren für die, die wiederkommen: shadow meldet, was es täte, und ändert nichts.',
  'decisions.repeatOffender.withinDays':
    'Frühere Sperren zählen, die innerhalb so vieler Tage endeten (so lange retention.logMonths sie aufbewahrt).',
  'decisions.repeatOffender.factor': 'Jede weitere Sperre dauert so viele Male so lange wie die vorige.',
  'decisions.repeatOffender.maxMonths': 'Längste Sperre eines Wiederholungstäters.',
  'decisions.protected': 'Weitere Netze, die nie gesperrt werden (Partner, Überwachung, Resolver).',
  'list.sentinel': 'Die eine Zeile der Liste, wenn nichts gesperrt ist.',
  'smtp.host': 'Der Mailserver, der unsere Mails annimmt; leer sendet keine.',
  'smtp.port': 'Sein Port: 587 mit STARTTLS, 465 mit TLS, 25 ohne.',
  'smtp.security': 'Wie die Verbindung geschützt ist. Ein Kennwort wird nie ohne TLS gesandt.',
  'smtp.user': 'Name am Mailserver; leer meldet niemanden an.',
  'smtp.password': 'Kennwort von smtp.user.',
  'smtp.from': 'Absender unserer Mails; leer nimmt smtp.user, wo das eine Adresse ist.',
  'smtp.ca':
    'PEM-Datei der Stellen, mit denen das Zertifikat des Mailservers geprüft wird; leer nimmt die üblichen.',
  'smtp.timeoutSeconds':
    'Ein Mailserver, der so lange nichts sagt, wird bis zum nächsten Versuch aufgegeben.',
  'notify.privateTargets':
    'Private und andere besondere Netze, die Webhooks erreichen dürfen, auch ohne TLS; sonst nur öffentliche Adressen über HTTPS.',
  'notify.silentMinutes':
    'Eine Firewall, die regelmäßig sandte und so lange nichts sendet, löst einen Alarm aus; 0 schaltet das aus.',
  'notify.diskPercent':
    'Die Platte des Datenordners wird gemeldet, wenn sie so voll ist, und ist ab 95 kritisch; 100 schaltet das aus.',
  'notify.reportDay': 'Tag des Wochenberichts.',
  'notify.reportHour': 'Stunde des Wochenberichts, in time.zone.',
  'oidc.issuer':
    'Identitätsanbieter (OpenID Connect), bei dem man sich neben Kennwörtern anmelden kann; leer schaltet das aus. Seine Adresse, wie seine eigenen Dokumente sie nennen, mit HTTPS.',
  'oidc.clientId': 'Name dieses Dienstes beim Identitätsanbieter.',
  'oidc.clientSecret': 'Geheimnis dieses Dienstes beim Identitätsanbieter; leer, wo er keines gab.',
  'oidc.name': 'Was auf dem Knopf der Anmeldeseite steht.',
  'oidc.scopes':
    'Scopes, um die gebeten wird; manche Anbieter nennen Gruppen nur für einen eigenen Scope, etwa `groups`.',
  'oidc.roleClaim':
    'Claim mit den Gruppen oder Rollen einer Person; `realm_access.roles` greift in einen Claim aus Claims.',
  'oidc.roles': 'Rolle je Gruppe, die höchste von allen zählt. Wer in keiner ist, wird abgewiesen.',
  'oidc.domains':
    'Nur wer eine bestätigte Mailadresse in einer davon hat, darf sich anmelden; leer: wer eine Rolle hat.',
  'oidc.pageUrl':
    'Adresse der Seite, wie Browser sie kennen, zu der der Identitätsanbieter zurückschickt; leer nimmt die, nach der der Browser fragt.',
  'oidc.ca':
    'PEM-Datei der Stellen, mit denen das Zertifikat des Identitätsanbieters geprüft wird; leer nimmt die üblichen.',
  'records.maskUsers':
    'Betrachter sehen (masked) statt der Namen von Benutzern und der Rohzeilen in gespeicherten Zeilen und können nicht danach suchen.',
  'retention.logMonths': 'So lange werden Logzeilen aufbewahrt.',
  'retention.inactiveMonths': 'Eine gesperrte Adresse, die so lange nicht gesehen wird, kommt von der Liste.',
  'retention.hour': 'Wann nachts aufgeräumt wird, in time.zone.',
  'log.level': 'Das Protokoll des Dienstes selbst.',
}
