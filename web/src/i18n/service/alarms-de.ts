/** What alarms say: what is wrong, and the mend. German. */
import type { ALARM_SENTENCES } from '../../../../src/model/sentences/alarms.ts'

export const alarmsDe: Readonly<Record<keyof typeof ALARM_SENTENCES, string>> = {
  logStoreAway:
    'Der Logspeicher antwortet nicht: {why}. Erkennung und Liste laufen weiter; Zeilen warten auf der Platte.',
  'logStoreAway.mendServer': 'Sehen Sie nach dem Server, den logs.url nennt.',
  'logStoreAway.mend':
    'Er wird von selbst neu gestartet; bleibt er weg, sehen Sie nach der Platte und nach logs.memory.',
  logStoreRestarts: 'Der Logspeicher hat seit dem Start des Dienstes {count}-mal geendet; zuletzt: {why}.',
  'logStoreRestarts.mend':
    'Nennt es Speichermangel, erhöhen Sie logs.memory oder geben Sie der Maschine mehr; sonst melden Sie es mit dem Protokoll des Dienstes.',
  'logStore.noAnswer': '{where} antwortet nicht[ ({end})]',
  'logStore.exitCode': 'Endecode {code}[: {last}]',
  'logStore.signal': 'Signal {signal}',
  enforcementNotKept:
    'Zeitlinien von Sperren ließen sich nicht schreiben: {why}; {waiting} Schritte warten, {lost} sind verloren.',
  'enforcementNotKept.mend':
    'Sehen Sie nach der Platte und der Zustandsdatenbank; alle zwei Sekunden wird es wieder versucht.',
  enforcementNotRead: 'Zeitlinien von Sperren aus der Zeit vor dem Start ließen sich nicht lesen: {why}.',
  'enforcementNotRead.mend':
    'Sehen Sie nach der Platte und der Zustandsdatenbank. Abholungen und abgewiesene Pakete werden neu vermerkt.',
  bouncerUses: 'Wann Bouncer zuletzt gefragt haben, ließ sich nicht schreiben: {why}.',
  'bouncerUses.mend':
    'Sehen Sie nach der Platte und der Zustandsdatenbank; alle halbe Minute wird es wieder versucht.',
  pipelineDied:
    'Die Verarbeitung der Zeilen hat geendet ({why}) und wird neu gestartet; die Liste wird derweil ausgeliefert.',
  'pipelineDied.mend':
    'Bleibt es so, starten Sie den Dienst neu und melden Sie die Zeile davor aus dem Protokoll des Dienstes.',
  allowedAttacker: 'Eine freigegebene Quelle hat {rule} ausgelöst und wurde nicht gesperrt: {why}.',
  'allowedAttacker.mend':
    'Sehen Sie sie sich an; ist es nicht das, wofür der Eintrag gemacht wurde, nehmen Sie ihn von der Freiliste.',
  detectionsGivenUp: '{count} Funde wurden aufgegeben, weil mehr kamen, als entschieden werden können.',
  'detectionsGivenUp.mend':
    'Wahrscheinlich ist eine Flut gefälschter Quellen: sehen Sie nach den wartenden Sperren und den Geräten, die sie melden.',
  segmentQuarantined:
    'Ein Segment von Logzeilen ließ sich nicht speichern und wurde beiseite gelegt: {path} ({why}).',
  'segmentQuarantined.mend':
    'Seine Zeilen fehlen in Suchen. Bewahren Sie die Datei für eine Meldung auf; sehen Sie nach, ob die Platte versagt.',
  segmentNotWritten:
    'Logzeilen lassen sich nicht auf die Platte schreiben: {why} ({path}). Sie warten im Speicher; danach warten die Eingänge.',
  'segmentNotWritten.mend':
    'Schaffen Sie Platz auf der Platte des Datenordners, oder geben Sie dem Dienst das Recht, dort zu schreiben.',
  checkpointDamaged: 'Die Aufzeichnung, wie weit Logdateien gelesen sind, war beschädigt: {why}.',
  'checkpointDamaged.mend':
    'Einige Zeilen sind vielleicht zweimal gespeichert; sehen Sie nach, ob die Platte voll ist oder versagt.',
  'checkpointDamaged.before': '{path} ist beschädigt; die Stellen davor werden verwendet',
  'notDelivered.mail': 'Mails an den Empfänger {id} werden nicht zugestellt: {why}.',
  notDelivered: 'Meldungen an den Empfänger {id} werden nicht zugestellt: {why}.',
  'notDelivered.mend':
    'Siehe active-defense notify log --recipient {id}; nach dem Beheben active-defense notify test {again}.',
  logsNotPruned: 'Alte Logzeilen ließen sich nicht löschen: {why}.',
  'logsNotPruned.mend':
    'Sehen Sie nach dem Logspeicher; beim nächsten nächtlichen Lauf wird es wieder versucht.',
  importFailing: 'Listen lassen sich nicht lesen: {lists}. Was sie zuletzt nannten, bleibt seine Zeit lang.',
  'importFailing.mend': 'Sehen Sie nach Adresse, Zugangsdaten und Netz: active-defense import show NAME.',
  importHeld: 'Listen werden zurückgehalten: {lists}.',
  'importHeld.mend':
    'Sehen Sie sich die Liste an; ist sie richtig: active-defense import refresh NAME --confirm.',
  deviceSilent: 'Die Firewall {name} hat seit {span~dative} nichts gesandt; vorher sandte sie regelmäßig.',
  'deviceSilent.mend':
    'Sehen Sie nach ihrer Log-Weiterleitung und nach dem Netz dazwischen; wurde sie außer Dienst genommen, endet der Alarm von selbst.',
  diskFilling: 'Die Platte von {folder} ist zu {percent} % voll; {free} GiB sind frei.',
  'diskFilling.mend':
    'Schaffen Sie Platz, oder bewahren Sie Zeilen kürzer auf (retention.logMonths). Ist sie voll, lassen sich Logzeilen nicht mehr speichern.',
  stateRecovered:
    'Der Zustand ging verloren: {taken} von {all} Einträgen der letzten Liste wurden als Sperren übernommen; Freiliste, Einstellungen und Beweise sind weg.',
  'stateRecovered.mend':
    'Spielen Sie state.sqlite aus einer Sicherung zurück, oder geben Sie Freiliste und Einstellungen neu ein.',
  signInGuessed:
    'Kennwörter werden geraten: {networks} Netze müssen vor dem nächsten Versuch warten, und {users} Benutzer werden von Orten aus versucht, von denen sie sich nie angemeldet haben.',
  'signInGuessed.mend':
    'Niemand ist ausgesperrt. Lassen Sie nur Ihre eigenen Netze auf die Seite, und lassen Sie alle einen zweiten Faktor benutzen.',
  auditBroken: 'Das Protokoll wurde von außen geändert: {why}.',
  'auditBroken.mend':
    'Vergleichen Sie state.sqlite mit einer Sicherung, und fragen Sie, wer im Datenordner schreiben darf.',
  'auditBroken.missing': 'Zeile {row} fehlt',
  'auditBroken.changed': 'Zeile {row} wurde geändert',
  'auditBroken.replaced': 'Zeile {row} wurde ersetzt',
  'auditBroken.at': 'Zeile {row}: {what}',
  firewallKey:
    'Der API-Schlüssel der Firewall {name} lässt sich nicht öffnen: secrets.key ist ein anderer als der, mit dem er versiegelt wurde.',
  'firewallKey.mend':
    'Spielen Sie secrets.key aus Ihrer Sicherung zurück, oder geben Sie den Schlüssel neu ein: firewalls change NAME --key-file FILE.',
  'firewallCheck.more': '{first} Und {count} weitere: firewalls check {name}.',
  'feedAuthority.ended':
    'Die Stelle der Client-Zertifikate der Liste {feed} ist abgelaufen: Firewalls, die damit kommen, werden abgewiesen.',
  'feedAuthority.ending':
    'Die Stelle der Client-Zertifikate der Liste {feed} läuft in {days} Tagen ab; dann werden Firewalls, die damit kommen, abgewiesen.',
  'feedAuthority.mend':
    'Geben Sie die alte und die neue Stelle zusammen an: active-defense feeds change {feed} --client-ca FILE.',
  tooManySenders:
    'Mehr als {count} Absender haben Logzeilen gesandt; die am längsten schweigenden werden vergessen, unbekannte zuerst.',
  'tooManySenders.mend':
    'Wahrscheinlich sind gefälschte Adressen: lassen Sie nur Firewalls an die Syslog-Ports, nennen Sie sie in senders.known, und setzen Sie senders.unknown auf store.',
  relayNotSent: 'Zeilen werden nicht an {to} weitergegeben: {why}.',
  'relayNotSent.mend':
    'Sehen Sie nach jenem Server und nach relay.to; Zeilen warten und werden dann verworfen. Die eigene Erkennung hängt nicht davon ab.',
  relayShed: 'Der Server {to} nahm Zeilen zu langsam an, und einige wurden nicht weitergegeben.',
  'relayShed.mend':
    'status zählt sie. Sehen Sie nach jenem Server; ein Neustart oder eine Änderung von relay.to beginnt die Zählung neu.',
  'relay.itself': 'es ist dieser Dienst selbst: jede Zeile liefe im Kreis',
  'relay.thread': 'sein Thread hat geendet: {why}',
  'relay.closed': 'die Verbindung wurde geschlossen',
  'relay.stalled': '{seconds} s lang wurde nichts angenommen',
  sampleKernel:
    '{name}: der Kernel gewährt einen Empfangspuffer von {granted} statt {asked} Bytes; Stöße von Syslog können verloren gehen',
  'stateFile.mend':
    'Die Liste läuft aus dem Speicher weiter. Sehen Sie nach Platte und Datenordner; starten Sie den Dienst neu, wenn sie heil sind.',
  'stateAtStart.mend': 'Sehen Sie nach der Platte; vergleichen Sie die Liste mit einer Sicherung.',
  'settingIgnored.mend': 'Setzen Sie sie neu, oder nehmen Sie sie zurück: active-defense settings set.',
  listNotRendered:
    'Die Sperrliste ließ sich nicht machen ({why}); Fassung {revision} wird weiter ausgeliefert.',
  'listNotRendered.mend':
    'Sehen Sie im Protokoll des Dienstes nach dem Grund; die Liste wird jede Sekunde von selbst neu gemacht.',
  listEntryRefused:
    '{count} gesperrte Ziele wurden von der Liste ferngehalten; das erste ist {target}: {why}.',
  'listEntryRefused.mend':
    'Heben Sie diese Sperren auf, oder berichtigen Sie die Freiliste oder die geschützten Netze.',
  'list.everyAddress': 'sie würde jede Adresse sperren',
  'list.sentinel': 'es ist der Platzhalter der leeren Liste',
  listLong:
    'Die Liste hat {entries} Einträge; die meisten PAN-OS-Modelle laden 50.000 über alle Listen, große 150.000, und lassen den Rest weg.',
  'listLong.mend': 'Verkürzen Sie retention.inactiveMonths, oder sperren Sie Netze statt einzelner Adressen.',
  listNotTold: 'Fassung {revision} wird ausgeliefert, aber sie zu melden ist misslungen: {why}.',
  'listNotTold.mend': 'Sehen Sie im Protokoll des Dienstes nach dem Grund.',
  'listFile.serving': 'Ausgeliefert wird Fassung {revision}[ mit {entries} Einträgen].',
  'listFile.mend':
    'Die Datei wird mit der nächsten Fassung neu geschrieben; sehen Sie nach, ob die Platte voll ist oder versagt.',
  'listFile.notWritten':
    'Die Sperrliste lässt sich nicht nach {path} schreiben: {why}. Sie wird weiter aus dem Speicher ausgeliefert.',
  'listFile.room':
    'Schaffen Sie Platz auf der Platte von data.dir, und sehen Sie nach, dass der Eigentümer dort schreiben darf.',
  'listFile.description': 'Die Beschreibung {path} der letzten Sperrliste lässt sich nicht lesen ({why}).',
  'listFile.missing': 'Die letzte Sperrliste {path} fehlt.',
  'listFile.checksum': 'ihre Prüfsumme stimmt nicht',
  'listFile.damaged': 'Die letzte Sperrliste {path} ist beschädigt ({why}) und wird nicht verwendet.',
  'listFile.noDescription': 'Die Sperrliste {path} hat keine Beschreibung; ihre Zeilen sind heil.',
  'listFile.size': '{path} hat {size} Bytes, das ist keine Sperrliste.',
  'listFile.empty': 'sie ist leer',
  'listFile.cut': 'ihre letzte Zeile ist abgeschnitten',
  'listFile.noAddress': 'Zeile {line} ist keine Adresse und kein Netz',
  'listFile.order': 'Zeile {line} steht nicht in der Reihenfolge',
  enforcementLeak:
    'Die Firewall {name} hat die Liste und lässt trotzdem {what} durch; {target}[ nach der Regel {rule}], {lines} Zeilen.',
  enforcementNone:
    'Die Firewall {name} lässt {what} durch, und nicht bekannt ist, dass sie die Liste holt; {target}[ nach der Regel {rule}], {lines} Zeilen.',
  'enforcement.oneAddress': 'eine gesperrte Adresse',
  'enforcement.addresses': '{count} gesperrte Adressen',
  'enforcementLeak.mend':
    'Sehen Sie nach, ob die Sperrregel über den erlaubenden Regeln steht und die Zone erfasst (firewalls check); firewalls leaks nennt die Adressen.',
  'enforcementNone.mend':
    'Richten Sie dort die Liste und die Sperrregel ein; holt sie von einer anderen Adresse, geben Sie sie an: firewalls add NAME --address ADDRESS --device NAME.',
  enforcementIdle:
    'Die Firewall {name} hat die Liste {fetches}-mal geholt, aber keine ihrer Zeilen zeigt je eine abgewiesene gesperrte Quelle, während gesperrte Quellen durchkommen.',
  'enforcementIdle.mend':
    'Die Sperrregel fehlt, ist ausgeschaltet, steht unter den erlaubenden Regeln oder benutzt die Liste nicht: docs/firewalls, Schritt „The deny rule“.',
  enforcementLoaded:
    'Die Firewall {name} hat {valid} Einträge der Liste {feed} geladen[ ({rest})]; die geholte Liste hat {expected}.',
  'enforcementLoaded.ignored': '{count} übergangen',
  'enforcementLoaded.invalid': '{count} ungültig',
  'enforcementLoaded.both': '{ignored} übergangen, {invalid} ungültig',
  'enforcementLoaded.unknown': 'eine unbekannte Zahl',
  'enforcementLoaded.mend':
    'Sie fasst über alle Listen nicht mehr, oder ihre Kopie ist alt: sehen Sie auf der Firewall nach list-capacities, kürzen oder fassen Sie die Liste zusammen, lassen Sie neu abholen.',
  firewallNotFetching:
    'Die Firewall {name} hat seit dem Start des Dienstes keine Liste von {addresses} aus geholt.',
  'firewallNotFetching.mend':
    'Sehen Sie nach ihrer externen Liste, ihrer Service-Route und den Regeln dazwischen; holt sie von einer anderen Adresse: firewalls change.',
  feedPinned: 'Die Liste {feed} bleibt bei Fassung {revision}: {who} wollte es so ({why}).',
  'feedPinned.mend':
    'Wenn sie den Entscheidungen wieder folgen darf: active-defense feeds release {feed} --reason TEXT',
  feedHeld:
    'Die nächste Fassung der Liste {feed} wird zurückgehalten; Fassung {revision} wird weiter ausgeliefert. {why}',
  'feedHeld.mend':
    'Sehen Sie sie mit feeds diff {feed} an; dann feeds release {same} oder feeds refuse {again}, mit einem Grund.',
  feedNearlyFull:
    'Die Liste {feed} hat {entries} Einträge, {percent} % oder mehr der {limit}, die ihre Firewall fasst.',
  'feedNearlyFull.mend':
    'Fassen Sie sie zusammen, verengen Sie ihren Filter, verkürzen Sie retention.inactiveMonths, oder teilen Sie sie auf.',
  feedLeftOut:
    '{count} Entscheidungen fanden keinen Platz in der Liste {feed}, deren Firewall {limit} Einträge fasst; die von geringstem Wert bleiben weg.',
  'feedLeftOut.mend':
    'feeds preview {feed} zeigt, welche. Fassen Sie sie zusammen, lassen Sie weitere Netze zu, oder teilen Sie sie auf.',
  'feedsCopy.unread': 'Die Kopie der Listendefinitionen {path} lässt sich nicht lesen ({why}).',
  'feedsCopy.one': 'Eine Liste in {path} wird nicht verwendet: {why}',
  firewallRefused:
    '{address}[ ({count} Adressen insgesamt)] hat früher abgeholt und wurde bei der Liste {feed} abgewiesen: {why}. Die Verbindung wurde geschlossen, so dass sie ihre letzte Liste behält.',
  'firewallRefused.mend':
    'Geben Sie ihr, was die Liste verlangt (feeds rotate-token {feed} macht neue Zugangsdaten neben den alten), oder vergessen Sie sie: feeds fetchers {same} --forget ADDRESS.',
  'firewallRefused.address': 'ihre Adresse gehört nicht zu denen, die abholen dürfen',
  'firewallRefused.none': 'sie brachte keine Zugangsdaten',
  'firewallRefused.wrong': 'ihre Zugangsdaten sind falsch oder abgelaufen',
  'firewallRefused.path': 'sie fragte nach einem Pfad, den keine Liste mehr hat',
  feedNotUsed: 'Die Liste {id} wird nicht verwendet: {why}',
  feedsNotCopied:
    'Die Kopie der Listendefinitionen lässt sich nicht schreiben: {why}. Ein Start ohne den Zustand würde sie nicht kennen.',
  'feedsNotRead.mend':
    'Sehen Sie nach mit active-defense feeds list; legen Sie die Liste mit feeds add neu an.',
  'fetches.lost':
    '{count} Abholungen wurden nicht aufgezeichnet, weil mehr kamen, als die Aufzeichnung fasst.',
  'fetches.notWritten': 'Abholungen lassen sich nicht aufzeichnen: {why}.',
  'fetches.mend': 'Listen werden trotzdem ausgeliefert. Sehen Sie nach der Platte und der Zustandsdatenbank.',
  feedNotMade:
    'Die Liste {feed} ließ sich nicht machen ({why}); Fassung {revision} wird weiter ausgeliefert.',
  'feedNotMade.mend':
    'Alle paar Sekunden wird es von selbst wieder versucht; sehen Sie im Protokoll des Dienstes nach dem Grund.',
  'packer.closed': 'das Packen ist beendet',
  'packer.waiting': '{count} Listen warten schon auf das Packen',
  'packer.failed': 'das Packen misslang: {why}',
  'packer.ended': 'das Packen wurde beendet',
  'packer.long': 'das Packen dauerte länger als {ms} ms',
  'packer.thread': 'der Thread zum Packen hat geendet: {why}',
  revisionDamaged: 'Fassung {revision} ist beschädigt ({why}) und wird nicht verwendet.',
  'revision.missing': 'sie fehlt',
  'revision.noneGood': '{what} Eine letzte gute Fassung der Liste gibt es nicht.',
  'revision.mend':
    'Sie wird mit der nächsten Fassung neu geschrieben; sehen Sie nach, ob die Platte voll ist oder versagt.',
  feedFile:
    'Die Liste {feed} lässt sich nicht nach {folder} schreiben: {why}. Sie wird weiter aus dem Speicher ausgeliefert.',
  'revision.other': '{name} gehört nicht zu dieser Fassung.',
  'revision.unread': '{name} lässt sich nicht lesen ({why}).',
  'revision.bytes': '{size} Bytes sind keine Liste',
  firewallSilent:
    '{address} hat die Liste {feed} zuletzt vor {ago~dative} geholt; sie kam alle {every}[, und {more} weitere]. Sie setzt eine alte Liste durch.',
  'firewallSilent.mend':
    'Prüfen Sie die Liste auf jener Firewall und den Weg zu ihr. Ist sie für immer weg: active-defense feeds fetchers {feed} --forget {address}',
  massExpiry:
    '{count|Sperre|Sperren} von {all} würden auf einmal enden (Uhr: {now}): keine endet, bis ein Mensch es bestätigt.',
  'massExpiry.mend':
    'Prüfen Sie die Uhr dieser Maschine. Geht sie richtig, bestätigen Sie das Ende; wenn nicht, stellen Sie sie, und der Alarm geht weg.',
  tooManyHeld: '{count|Sperre|Sperren} warten auf Prüfung; weitere werden nicht einmal zurückgehalten.',
  'tooManyHeld.mend':
    'Prüfen Sie, was wartet: geben Sie es frei, lehnen Sie es ab, oder ziehen Sie es nach Regel, Gerät oder Zeit zurück.',
  brake:
    'Die Erkennung will mehr als {limit} Quellen in der Minute sperren: neue Sperren warten auf Prüfung, die Liste bleibt, wie sie ist.',
  'brake.mend':
    'Sehen Sie sich die wartenden Sperren und ihr Gerät an. Geben Sie sie frei, ziehen Sie zurück, was zu Unrecht gesperrt wurde, oder erhöhen Sie decisions.maxPerMinute.',
  listListener: 'Eine Änderung der Sperrliste wurde nicht übernommen: {why}.',
  'listListener.mend':
    'Sehen Sie im Protokoll des Dienstes nach dem Grund; ein Neustart veröffentlicht die ganze Liste neu.',
  judgementsNotRead:
    'Was vor dem Start beurteilt wurde, ließ sich nicht lesen: {why}. Es wird noch einmal beurteilt.',
  'judgementsNotRead.mend':
    'Sehen Sie nach der Platte und der Zustandsdatenbank und nach den Sperren der letzten Minuten.',
  stateNotPruned: 'Alte Entscheidungen und Funde ließen sich nicht löschen: {why}.',
  'stateNotPruned.mend':
    'Sehen Sie nach der Platte und der Zustandsdatenbank; beim nächsten nächtlichen Lauf wird es wieder versucht.',
  stateNotWritten:
    'Der Zustand ließ sich nicht schreiben ({why}). Sperren wirken trotzdem; {count} Änderungen warten und gingen bei einem Neustart verloren.',
  'stateNotWritten.mend':
    'Sehen Sie nach der Platte und der Zustandsdatenbank im Datenordner; das Schreiben wird von selbst wieder versucht.',
  stateQueue:
    'der Zustand ließ sich so lange nicht schreiben, dass seine Änderungen nicht mehr in die Warteschlange passten',
  'stateFile.damaged':
    'die Zustandsdatenbank war beschädigt ({why}); sie wurde als {aside} beiseite gelegt und eine neue begonnen; {rescued}. Spielen Sie eine Sicherung zurück, falls es eine gibt',
  'stateFile.replaced':
    '{path} wurde im laufenden Betrieb durch eine andere Datei ersetzt: in sie wird nichts geschrieben. Starten Sie den Dienst neu, um sie zu verwenden',
  'stateFile.removed':
    '{path} wurde im laufenden Betrieb gelöscht und ließ sich nicht zurückschreiben: {why}',
  'stateFile.back':
    '{path} wurde im laufenden Betrieb gelöscht (bemerkt {at}); der Zustand wurde zurückgeschrieben, nichts ist verloren',
  noAnswer: 'keine Antwort innerhalb von {seconds} s',
  'udp.mend':
    'sysctl -w net.core.rmem_max={bytes} && echo net.core.rmem_max={same} > /etc/sysctl.d/60-active-defense.conf, dann den Dienst neu starten',
}
