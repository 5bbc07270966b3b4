/** What is found of certificates, files that are followed, and firewalls that are told at once. English forms of the book (book.ts). */
export const FINDING_SENTENCES = {
  'cannotRead.closed': 'Cannot read {path}: {why?}.',
  'cannotRead.brackets': 'Cannot read {path} ({why?}).',
  cannotRead: 'cannot read {path}: {why?}',
  cannotWrite: 'cannot write {path}: {why?}',
  'certificate.still': '{fault?} The certificate until {until@} is still served.',
  'certificate.mendFiles':
    'Put a matching certificate chain and key into web.tls.cert and web.tls.key; they are read again by themselves.',
  'certificate.mendFolder': 'See that {folder} is whole and may be written.',
  'certificate.notUsable': 'It cannot be used: {why?}.',
  'certificate.given':
    'The certificate that was handed over on the page is not served. {why!} Ours is served instead.',
  'certificate.givenMend':
    'Hand it over again at Settings, with its key; to stay with ours, remove {path} and restart.',
  'certificate.together': 'web.tls.cert and web.tls.key must be given together.',
  'certificate.newDates': 'The new own certificate is not used: {why?}.',
  'certificate.file': 'The own certificate file {path} cannot be read ({why}).',
  'certificate.unread': 'The own certificate cannot be read ({why}).',
  'certificate.unusable': 'The own certificate {path} cannot be used: {why?}.',
  'certificate.newUnusable': 'The new certificate is not used: {why?}.',
  'certificate.keyMissing': 'ca.key is missing',
  'certificate.newAuthority': 'Our certificate authority had ended and a new one was made.',
  'certificate.newAuthorityMend':
    'Import /ca.crt into the certificate profile of every firewall; until then they do not trust the list.',
  'certificate.ending': 'The certificate ends in {days#} days.',
  'certificate.notValid': 'The certificate is not valid: {why?}.',
  'certificate.endingMend':
    'Replace it at Settings, or web.tls.cert and web.tls.key in time: firewalls stop enforcing a list whose server they cannot authenticate.',
  'certificate.renewed':
    'It is renewed by itself; if this stays, see the alarm about the certificate folder and the clock.',
  'certificate.authorityEnding': 'Our certificate authority ends in {days#} days.',
  'certificate.authorityMend':
    'Move ca.crt and ca.key out of {folder}, restart, and import the new /ca.crt on every firewall.',
  'certificate.authorityDamaged':
    'Our certificate authority in {folder} is damaged: {why?}. Restore ca.crt and ca.key from a backup; or remove both, start again, and import the new /ca.crt on every firewall.',
  'certificate.noPem': 'the certificate file holds no PEM certificate',
  'certificate.unreadable': 'the certificate cannot be read ({why})',
  'certificate.authorityFirst':
    'the first certificate of the file is an authority; the server certificate must come first',
  'certificate.chain':
    'certificate {number#} of the chain ({issuer}) did not issue certificate {before#} ({subject})',
  'certificate.keyUnread': 'the key cannot be read ({why}); it must be PEM without a passphrase',
  'certificate.keyOther': 'the key does not belong to the certificate',
  'certificate.tls': 'TLS refuses the certificate ({why})',
  'certificate.ended': 'the certificate of {subject} ended on {at@}',
  'certificate.begins': 'the certificate of {subject} begins only on {at@}',
  'certificate.notTaken': 'the certificate is not taken, the old one stays: {why?}',
  'certificate.byFiles': 'the certificate is given by web.tls.cert and web.tls.key: replace those files',
  'certificate.notHanded': 'no certificate was handed over here',
  'certificate.holds': 'it holds: key, chain and dates are right',
  'certificate.same': 'that certificate is served already',
  'certificate.taken': 'new connections get the new certificate',
  'certificate.ours': 'the certificate of this service is served again',
  'certificate.madeHere': 'made by this service',
  'certificate.authorityYours': 'an own certificate is used; its authority is yours',
  'push.severalVsys': 'The firewall {name} has several virtual systems, and none is named.',
  'push.severalVsysMend': 'Name those that use the list: firewalls change NAME --vsys vsys1 vsys2.',
  'push.noList':
    'No external dynamic list is named for the firewall {name}: it can be neither refreshed nor read back.',
  'push.noListMend':
    'Name it as it is called on the firewall: firewalls change NAME --list ActiveDefense-Blacklist.',
  'push.away':
    'The management API of the firewall {name} does not answer: {why?}. It still fetches the list by itself.',
  'push.awayMend':
    'Look at its address and port, the way to its management interface, and its permitted addresses; it is tried again by itself.',
  'push.refusesKey': 'The firewall {name} refuses the API key, and nothing more is pushed to it: {why?}.',
  'push.untrusted':
    'The management API of the firewall {name} shows a certificate that is not trusted, and nothing is sent to it: {why?}.',
  'push.refusesKeyMend':
    'Make a new key or give its role the rights (XML API: operational requests, User-ID, configuration); then firewalls change NAME --key-file FILE.',
  'push.untrustedMend':
    'Find out why it changed. If it is right: firewalls change NAME --fingerprint SHA256 or --ca-file FILE; then firewalls check NAME.',
  'push.full':
    'The firewall {name} holds no more registered addresses, and none is tagged any more: {why?}. The list goes on.',
  'push.fullMend':
    'Shorten the timeout of tags (--tag-timeout), or switch tags off (--tag off); firewalls check NAME begins anew.',
  'push.notDone': 'The firewall {name} did not do what it was asked: {why?}.',
  'push.notDoneMend': 'Look at the names of list, tag and virtual systems: firewalls check NAME.',
  'push.noListNamed': 'no list is named for this firewall',
  'push.where': 'The firewall {name} ({vsys})',
  'push.whereAll': 'The firewall {name}',
  'push.passedOver':
    '{where?} passed over {left#} entries of the list {list}: {ignored#} ignored, {invalid#} invalid.',
  'push.passedOverMend':
    'Ignored entries found no room: look at list-capacities. An invalid one may be the error of a fetch.',
  'push.unknownList': '{where?} does not know the list {list}: {why}.',
  'push.unknownListMend':
    'Make the external dynamic list of type IP with this name, use it in a rule, and commit.',
  'rules.none':
    '{where?} has no security rules of its own, so they could not be looked at; Panorama may give them.',
  'rules.noneMend': 'Look at the order of the pre-rules in Panorama by hand.',
  'rules.disabled': 'its rule {rule} is disabled',
  'rules.negated': 'its rule {rule} negates the source, and so means everyone else',
  'rules.noDeny': 'no rule that drops or resets has it as source',
  'rules.notDenied': '{where?} does not deny what the list {list} holds: {why?}.',
  'rules.notDeniedMend':
    'Make the deny rule and put it on top (docs/firewalls/paloalto.md, step 6), then commit.',
  'rules.above': '{where?}: {count#} rules that allow stand above the deny rule {rule}: {names}.',
  'rules.aboveMend': 'move rulebase security rules "{rule}" top, then commit.',
  'rules.narrow': '{where?}: the deny rule {rule} does not cover everything: its {what} is not "any".',
  'rules.narrowMend':
    'Set destination zone, destination, application and service of the deny rule to any, then commit.',
  'rules.silentDeny':
    '{where?}: the deny rule {rule} does not forward its lines, so nobody sees what it stops and blocks end while the attack goes on.',
  'rules.silentDenyMend': 'Set log at session end and the log forwarding profile on it, then commit.',
  'rules.noSensor':
    '{where?} has no rule that denies and logs the rest: scans of what no rule allows are not seen.',
  'rules.silentSensor':
    '{where?} does not forward the lines of its sensor rule {rule}: scans of what no rule allows are not seen.',
  'rules.sensorMend':
    'Make the sensor rule at the bottom with log forwarding (docs/firewalls/paloalto.md, step 7), then commit.',
  'rules.silent':
    '{where?}: {count#} rules that let the internet in do not forward their lines: {names}. Threats and leaks there are not seen.',
  'rules.silentMend':
    'Set the log forwarding profile on them (docs/firewalls/paloalto.md, step 8), then commit.',
  'panos.http': 'HTTP {status#}',
  'panos.noXml': 'the answer (HTTP {status#}) is no XML that is understood: {why}',
  'panos.noStatus': 'the answer is no <response> with a status',
  'panos.noEntries': 'the firewall does not say how many entries it loaded: {text}',
  'panos.noReason': 'the firewall gave no reason',
  'panos.noVsys': 'it closes the connection after each answer, so {vsys} cannot be chosen',
  'panos.long': 'the answer is longer than {bytes#} bytes',
  'panos.otherCertificate': 'it shows another certificate than the pinned one (SHA-256 {shown})',
  'panos.noWhole': 'no whole answer within {seconds#} s',
  'panos.unverified': 'its certificate does not verify: {why}',
  'files.truncated': '{path} was truncated after {bytes#} bytes were read; reading from 0',
  'files.most': 'more than {count#} files are followed already',
  'files.notFollowed': '{path} is not followed: {why?}',
  'files.regularMend': 'put a regular file there, or take {name} out of files.watch',
  'files.noFolder': 'the folder {path} does not exist; its files are followed as soon as it does',
  'files.noFolderMend': 'mkdir -p {path}, or set files.watch to where the log files are',
  'files.permission': 'cannot read {path}: permission denied',
  'files.permissionMend':
    "usermod -aG adm {user} and start the service anew (rsyslog's files belong to the group adm), or chgrp and chmod {path} so that this user may read it",
  'files.seeMessage': 'see the message',
  'files.link': 'it is a link to {path}, outside {root}',
  'files.notRegular': 'it is not a regular file',
  'files.big': '{path} has grown to {size#} GiB',
  'files.bigMend': 'rotate it (a logrotate file is shipped), or set files.afterRead to truncate',
  'files.notEmptied': 'files.afterRead is truncate, but {path} cannot be emptied: {why?}',
  'files.notEmptiedMend': 'let this user write to {path}, or set files.afterRead to keep and rotate it',
  'files.noWatch': 'cannot watch {folder}: {why}',
} as const
