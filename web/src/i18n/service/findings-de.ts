/** What is found of certificates, files that are followed, and firewalls that are told at once. German. */
import type { FINDING_SENTENCES } from '../../../../src/model/sentences/findings.ts'

export const findingsDe: Readonly<Record<keyof typeof FINDING_SENTENCES, string>> = {
  'cannotRead.closed': '{path} ist nicht lesbar: {why}.',
  'cannotRead.brackets': '{path} ist nicht lesbar ({why}).',
  cannotRead: '{path} ist nicht lesbar: {why}',
  cannotWrite: '{path} ist nicht schreibbar: {why}',
  'certificate.still': '{fault} Das Zertifikat bis {until} wird weiter gezeigt.',
  'certificate.mendFiles':
    'Legen Sie eine Zertifikatskette und den passenden Schlüssel nach web.tls.cert und web.tls.key; sie werden von selbst neu gelesen.',
  'certificate.mendFolder': 'Sehen Sie nach, dass {folder} heil ist und beschrieben werden darf.',
  'certificate.notUsable': 'Es lässt sich nicht verwenden: {why}.',
  'certificate.given':
    'Das auf der Seite übergebene Zertifikat wird nicht gezeigt. {why} Unseres wird stattdessen gezeigt.',
  'certificate.givenMend':
    'Übergeben Sie es noch einmal unter Einstellungen, mit seinem Schlüssel; um bei unserem zu bleiben, löschen Sie {path} und starten Sie neu.',
  'certificate.together': 'web.tls.cert und web.tls.key müssen zusammen angegeben werden.',
  'certificate.newDates': 'Das neue eigene Zertifikat wird nicht verwendet: {why}.',
  'certificate.file': 'Die Datei {path} des eigenen Zertifikats lässt sich nicht lesen ({why}).',
  'certificate.unread': 'Das eigene Zertifikat lässt sich nicht lesen ({why}).',
  'certificate.unusable': 'Das eigene Zertifikat {path} lässt sich nicht verwenden: {why}.',
  'certificate.newUnusable': 'Das neue Zertifikat wird nicht verwendet: {why}.',
  'certificate.keyMissing': 'ca.key fehlt',
  'certificate.newAuthority': 'Unsere Zertifizierungsstelle war abgelaufen, und eine neue wurde gemacht.',
  'certificate.newAuthorityMend':
    'Spielen Sie /ca.crt in das Zertifikatsprofil jeder Firewall ein; bis dahin trauen sie der Liste nicht.',
  'certificate.ending': 'Das Zertifikat läuft in {days} Tagen ab.',
  'certificate.notValid': 'Das Zertifikat ist nicht gültig: {why}.',
  'certificate.endingMend':
    'Ersetzen Sie es rechtzeitig unter Einstellungen oder in web.tls.cert und web.tls.key: Firewalls setzen eine Liste nicht mehr durch, deren Server sie nicht prüfen können.',
  'certificate.renewed':
    'Es wird von selbst erneuert; bleibt dies stehen, sehen Sie den Alarm zum Ordner der Zertifikate und die Uhr an.',
  'certificate.authorityEnding': 'Unsere Zertifizierungsstelle läuft in {days} Tagen ab.',
  'certificate.authorityMend':
    'Verschieben Sie ca.crt und ca.key aus {folder}, starten Sie neu, und spielen Sie die neue /ca.crt auf jeder Firewall ein.',
  'certificate.authorityDamaged':
    'Unsere Zertifizierungsstelle in {folder} ist beschädigt: {why}. Spielen Sie ca.crt und ca.key aus einer Sicherung zurück; oder löschen Sie beide, starten Sie neu, und spielen Sie die neue /ca.crt auf jeder Firewall ein.',
  'certificate.noPem': 'die Datei enthält kein Zertifikat als PEM',
  'certificate.unreadable': 'das Zertifikat lässt sich nicht lesen ({why})',
  'certificate.authorityFirst':
    'das erste Zertifikat der Datei ist eine Stelle; das Zertifikat des Servers muss zuerst kommen',
  'certificate.chain':
    'Zertifikat {number} der Kette ({issuer}) hat Zertifikat {before} ({subject}) nicht ausgestellt',
  'certificate.keyUnread':
    'der Schlüssel lässt sich nicht lesen ({why}); er muss als PEM ohne Kennwort vorliegen',
  'certificate.keyOther': 'der Schlüssel gehört nicht zum Zertifikat',
  'certificate.tls': 'TLS nimmt das Zertifikat nicht an ({why})',
  'certificate.ended': 'das Zertifikat von {subject} ist abgelaufen am {at}',
  'certificate.begins': 'das Zertifikat von {subject} gilt erst ab {at}',
  'certificate.notTaken': 'das Zertifikat wird nicht angenommen, das alte bleibt: {why}',
  'certificate.byFiles': 'das Zertifikat geben web.tls.cert und web.tls.key vor: ersetzen Sie jene Dateien',
  'certificate.notHanded': 'hier wurde kein Zertifikat übergeben',
  'certificate.holds': 'es taugt: Schlüssel, Kette und Gültigkeit sind richtig',
  'certificate.same': 'dieses Zertifikat wird schon gezeigt',
  'certificate.taken': 'neue Verbindungen bekommen das neue Zertifikat',
  'certificate.ours': 'das Zertifikat dieses Dienstes wird wieder gezeigt',
  'certificate.madeHere': 'von diesem Dienst gemacht',
  'certificate.authorityYours': 'ein eigenes Zertifikat ist in Gebrauch; seine Stelle ist die Ihre',
  'push.severalVsys': 'Die Firewall {name} hat mehrere virtuelle Systeme, und keines ist genannt.',
  'push.severalVsysMend': 'Nennen Sie die, die die Liste benutzen: firewalls change NAME --vsys vsys1 vsys2.',
  'push.noList':
    'Für die Firewall {name} ist keine externe Liste genannt: sie kann weder neu geholt noch abgefragt werden.',
  'push.noListMend':
    'Nennen Sie sie, wie sie auf der Firewall heißt: firewalls change NAME --list ActiveDefense-Blacklist.',
  'push.away':
    'Die Verwaltungsschnittstelle der Firewall {name} antwortet nicht: {why}. Sie holt die Liste weiter von selbst.',
  'push.awayMend':
    'Sehen Sie nach Adresse und Port, dem Weg zur Verwaltungsschnittstelle und ihren erlaubten Adressen; es wird von selbst wieder versucht.',
  'push.refusesKey':
    'Die Firewall {name} nimmt den API-Schlüssel nicht an, und ihr wird nichts mehr gemeldet: {why}.',
  'push.untrusted':
    'Die Verwaltungsschnittstelle der Firewall {name} zeigt ein Zertifikat, dem nicht getraut wird, und ihr wird nichts gesandt: {why}.',
  'push.refusesKeyMend':
    'Machen Sie einen neuen Schlüssel, oder geben Sie seiner Rolle die Rechte (XML API: operational requests, User-ID, configuration); dann firewalls change NAME --key-file FILE.',
  'push.untrustedMend':
    'Finden Sie heraus, warum es sich geändert hat. Ist es richtig: firewalls change NAME --fingerprint SHA256 oder --ca-file FILE; dann firewalls check NAME.',
  'push.full':
    'Die Firewall {name} fasst keine weiteren markierten Adressen, und keine wird mehr markiert: {why}. Die Liste läuft weiter.',
  'push.fullMend':
    'Verkürzen Sie die Dauer der Markierungen (--tag-timeout), oder schalten Sie sie aus (--tag off); firewalls check NAME beginnt von vorn.',
  'push.notDone': 'Die Firewall {name} tat nicht, worum sie gebeten wurde: {why}.',
  'push.notDoneMend':
    'Sehen Sie nach den Namen von Liste, Markierung und virtuellen Systemen: firewalls check NAME.',
  'push.noListNamed': 'für diese Firewall ist keine Liste genannt',
  'push.where': 'Die Firewall {name} ({vsys})',
  'push.whereAll': 'Die Firewall {name}',
  'push.passedOver':
    '{where} überging {left} Einträge der Liste {list}: {ignored} übergangen, {invalid} ungültig.',
  'push.passedOverMend':
    'Übergangene Einträge fanden keinen Platz: sehen Sie nach list-capacities. Ein ungültiger kann der Fehler einer Abholung sein.',
  'push.unknownList': '{where} kennt die Liste {list} nicht: {why}.',
  'push.unknownListMend':
    'Legen Sie die externe dynamische Liste vom Typ IP mit diesem Namen an, benutzen Sie sie in einer Regel, und führen Sie commit aus.',
  'rules.none':
    '{where} hat keine eigenen Sicherheitsregeln, sie ließen sich also nicht ansehen; vielleicht gibt Panorama sie.',
  'rules.noneMend': 'Sehen Sie die Reihenfolge der Pre-Rules in Panorama selbst an.',
  'rules.disabled': 'ihre Regel {rule} ist ausgeschaltet',
  'rules.negated': 'ihre Regel {rule} verneint die Quelle und meint so alle anderen',
  'rules.noDeny': 'keine Regel, die verwirft oder zurücksetzt, hat sie als Quelle',
  'rules.notDenied': '{where} weist nicht ab, was die Liste {list} enthält: {why}.',
  'rules.notDeniedMend':
    'Legen Sie die Sperrregel an, und setzen Sie sie zuoberst (docs/firewalls/paloalto.md, Schritt 6), dann commit.',
  'rules.above': '{where}: {count} erlaubende Regeln stehen über der Sperrregel {rule}: {names}.',
  'rules.aboveMend': 'move rulebase security rules "{rule}" top, dann commit.',
  'rules.narrow': '{where}: die Sperrregel {rule} erfasst nicht alles: {what} ist nicht „any“.',
  'rules.narrowMend': 'Setzen Sie Zielzone, Ziel, Anwendung und Dienst der Sperrregel auf any, dann commit.',
  'rules.silentDeny':
    '{where}: die Sperrregel {rule} leitet ihre Zeilen nicht weiter; so sieht niemand, was sie aufhält, und Sperren enden, während der Angriff weitergeht.',
  'rules.silentDenyMend':
    'Setzen Sie an ihr log at session end und das Profil der Log-Weiterleitung, dann commit.',
  'rules.noSensor':
    '{where} hat keine Regel, die den Rest abweist und meldet: Scans dessen, was keine Regel erlaubt, werden nicht gesehen.',
  'rules.silentSensor':
    '{where} leitet die Zeilen ihrer Sensorregel {rule} nicht weiter: Scans dessen, was keine Regel erlaubt, werden nicht gesehen.',
  'rules.sensorMend':
    'Legen Sie zuunterst die Sensorregel mit Log-Weiterleitung an (docs/firewalls/paloalto.md, Schritt 7), dann commit.',
  'rules.silent':
    '{where}: {count} Regeln, die das Internet hereinlassen, leiten ihre Zeilen nicht weiter: {names}. Bedrohungen und Lücken dort werden nicht gesehen.',
  'rules.silentMend':
    'Setzen Sie an ihnen das Profil der Log-Weiterleitung (docs/firewalls/paloalto.md, Schritt 8), dann commit.',
  'panos.http': 'HTTP-Status {status}',
  'panos.noXml': 'die Antwort (HTTP {status}) ist kein verständliches XML: {why}',
  'panos.noStatus': 'die Antwort ist keine <response> mit Status',
  'panos.noEntries': 'die Firewall sagt nicht, wie viele Einträge sie geladen hat: {text}',
  'panos.noReason': 'die Firewall nannte keinen Grund',
  'panos.noVsys': 'sie schließt die Verbindung nach jeder Antwort, so dass {vsys} nicht gewählt werden kann',
  'panos.long': 'die Antwort ist länger als {bytes} Bytes',
  'panos.otherCertificate': 'sie zeigt ein anderes Zertifikat als das festgelegte (SHA-256 {shown})',
  'panos.noWhole': 'keine ganze Antwort innerhalb von {seconds} s',
  'panos.unverified': 'ihr Zertifikat lässt sich nicht prüfen: {why}',
  'files.truncated': '{path} wurde gekürzt, nachdem {bytes} Bytes gelesen waren; gelesen wird ab 0',
  'files.most': 'mehr als {count} Dateien werden schon verfolgt',
  'files.notFollowed': '{path} wird nicht verfolgt: {why}',
  'files.regularMend': 'legen Sie dort eine gewöhnliche Datei ab, oder nehmen Sie {name} aus files.watch',
  'files.noFolder': 'den Ordner {path} gibt es nicht; seine Dateien werden verfolgt, sobald es ihn gibt',
  'files.noFolderMend': 'mkdir -p {path}, oder setzen Sie files.watch dorthin, wo die Logdateien sind',
  'files.permission': '{path} ist nicht lesbar: Zugriff verweigert',
  'files.permissionMend':
    'usermod -aG adm {user}, und starten Sie den Dienst neu (die Dateien von rsyslog gehören der Gruppe adm), oder chgrp und chmod {path}, so dass dieser Benutzer lesen darf',
  'files.seeMessage': 'siehe die Meldung',
  'files.link': 'sie ist ein Verweis auf {path}, außerhalb von {root}',
  'files.notRegular': 'sie ist keine gewöhnliche Datei',
  'files.big': '{path} ist auf {size} GiB gewachsen',
  'files.bigMend':
    'lassen Sie sie rotieren (eine Datei für logrotate liegt bei), oder setzen Sie files.afterRead auf truncate',
  'files.notEmptied': 'files.afterRead ist truncate, aber {path} lässt sich nicht leeren: {why}',
  'files.notEmptiedMend':
    'lassen Sie diesen Benutzer in {path} schreiben, oder setzen Sie files.afterRead auf keep und lassen Sie sie rotieren',
  'files.noWatch': '{folder} lässt sich nicht beobachten: {why}',
}
