/** What alarms say: what is wrong, and the mend. English forms of the book (book.ts). */
export const ALARM_SENTENCES = {
  logStoreAway: 'The log store does not answer: {why?}. Detection and the list go on; lines wait on disk.',
  'logStoreAway.mendServer': 'Look at the server named in logs.url.',
  'logStoreAway.mend':
    'It is started again by itself; if it stays away, look at the disk and at logs.memory.',
  logStoreRestarts: 'The log store ended {count#} times since the service started; last: {why?}.',
  'logStoreRestarts.mend':
    'If it says out of memory, raise logs.memory or give the machine more; else report it with the log.',
  'logStore.noAnswer': '{where} does not answer[ ({end})]',
  'logStore.exitCode': 'exit code {code#}[: {last}]',
  'logStore.signal': 'signal {signal}',
  enforcementNotKept:
    'Time lines of blocks could not be written: {why?}; {waiting#} steps wait, {lost#} are lost.',
  'enforcementNotKept.mend': 'Look at the disk and the state database; it is tried again every two seconds.',
  enforcementNotRead: 'Time lines of blocks from before the start could not be read: {why?}.',
  'enforcementNotRead.mend':
    'Look at the disk and the state database. Fetches and denied packets are noted anew.',
  bouncerUses: 'When bouncers last asked could not be written: {why?}.',
  'bouncerUses.mend': 'Look at the disk and the state database; it is tried again every half minute.',
  pipelineDied: 'The pipeline thread ended ({why?}) and is started again; the list is served meanwhile.',
  'pipelineDied.mend': 'If it stays, restart the service and report the log line before it.',
  allowedAttacker: 'An allowed source set off {rule} and was not blocked: {why?}.',
  'allowedAttacker.mend':
    'Look at it with explain; if it is not what the entry was made for, take the entry off the allowlist.',
  detectionsGivenUp: '{count#} detections were given up because more came than can be decided.',
  'detectionsGivenUp.mend':
    'A flood of forged sources is likely: look at the held blocks and at the devices that report them.',
  segmentQuarantined: 'A segment of log lines could not be stored and was put aside: {path} ({why?}).',
  'segmentQuarantined.mend':
    'Its lines are missing in searches. Keep the file for a report; look for a failing disk.',
  segmentNotWritten:
    'Log lines cannot be written to disk: {why?} ({path}). They wait in memory; then inputs wait.',
  'segmentNotWritten.mend':
    'Make room on the disk of the data folder, or give the service the right to write there.',
  checkpointDamaged: 'The record of how far log files are read was damaged: {why?}.',
  'checkpointDamaged.mend': 'Some lines may be stored twice; look for a full or failing disk.',
  'checkpointDamaged.before': '{path} is damaged; the positions before it are used',
  'notDelivered.mail': 'Mails to the recipient {id} are not delivered: {why?}.',
  notDelivered: 'Messages to the recipient {id} are not delivered: {why?}.',
  'notDelivered.mend':
    'See active-defense notify log --recipient {id}; after mending it, active-defense notify test {again}.',
  logsNotPruned: 'Old log records could not be deleted: {why?}.',
  'logsNotPruned.mend': 'Look at the log store; it is tried again at the next nightly job.',
  importFailing: 'Lists cannot be read: {lists}. What they named last stays for its time.',
  'importFailing.mend':
    'Look at the address, the credentials and the network: active-defense import show NAME.',
  importHeld: 'Lists are held: {lists}.',
  'importHeld.mend': 'Look at the list; if it is right, active-defense import refresh NAME --confirm.',
  deviceSilent: 'The firewall {name} has sent nothing for {span~}; before, it sent regularly.',
  'deviceSilent.mend':
    'Look at its log forwarding and at the network between; if it was taken out of service, the alarm ends by itself.',
  diskFilling: 'The disk of {folder} is {percent#} % full; {free#} GiB are free.',
  'diskFilling.mend':
    'Make room, or keep records for a shorter time (retention.logMonths). When it is full, log lines can no longer be stored.',
  stateRecovered:
    'The state was lost: {taken#} of {all#} entries of the last list were taken over as blocks; allowlist, settings and evidence are gone.',
  'stateRecovered.mend': 'Restore state.sqlite from a backup, or enter the allowlist and settings anew.',
  signInGuessed:
    'Passwords are being guessed: {networks#} networks must wait before their next try, and {users#} users are tried from where they never signed in.',
  'signInGuessed.mend':
    'Nobody is locked out. Let only your own networks reach the page, and have people use a second factor.',
  auditBroken: 'The audit log was changed from outside: {why?}.',
  'auditBroken.mend': 'Compare state.sqlite with a backup, and ask who may write in the data folder.',
  'auditBroken.missing': 'row {row#} is missing',
  'auditBroken.changed': 'row {row#} was changed',
  'auditBroken.replaced': 'row {row#} was replaced',
  'auditBroken.at': 'row {row#}: {what!}',
  firewallKey:
    'The API key of the firewall {name} cannot be opened: secrets.key is another one than it was sealed with.',
  'firewallKey.mend':
    'Put back the secrets.key of your backup, or enter the key anew: firewalls change NAME --key-file FILE.',
  'firewallCheck.more': '{first!} And {count#} more: firewalls check {name}.',
  'feedAuthority.ended':
    'The authority of client certificates of the feed {feed} has ended: firewalls that come with them are turned away.',
  'feedAuthority.ending':
    'The authority of client certificates of the feed {feed} ends in {days#} days; then firewalls that come with them are turned away.',
  'feedAuthority.mend':
    'Give the old and the new authority together: active-defense feeds change {feed} --client-ca FILE.',
  tooManySenders:
    'More than {count#} senders sent log lines; those heard longest ago are forgotten, unknown ones first.',
  'tooManySenders.mend':
    'Forged addresses are likely: let only firewalls reach the syslog ports, name them in senders.known, and set senders.unknown to store.',
  relayNotSent: 'Lines are not relayed to {to}: {why?}.',
  'relayNotSent.mend':
    'Look at that server and at relay.to; lines wait, then are shed. Our own detection does not depend on it.',
  relayShed: 'The server at {to} took lines too slowly, and some were not relayed.',
  'relayShed.mend':
    'status counts them. Look at that server; a restart or a change of relay.to begins the count anew.',
  'relay.itself': 'it is this service itself: every line would go round in circles',
  'relay.thread': 'its thread ended: {why}',
  'relay.closed': 'the connection was closed',
  'relay.stalled': 'nothing was taken for {seconds#} s',
  sampleKernel:
    '{name}: the kernel grants a receive buffer of {granted#} bytes instead of {asked#}; bursts of syslog may be lost',
  'stateFile.mend':
    'The list goes on from memory. Look at the disk and the data folder; restart the service when they are whole.',
  'stateAtStart.mend': 'Look at the disk; compare the list with a backup.',
  'settingIgnored.mend': 'Set it anew or take it back: active-defense settings set.',
  listNotRendered: 'The block list could not be rendered ({why?}); revision {revision#} is still served.',
  'listNotRendered.mend': 'Look at the log for the cause; the list is rendered again by itself every second.',
  listEntryRefused: '{count#} blocked target(s) were kept out of the list; the first is {target}: {why?}.',
  'listEntryRefused.mend': 'Lift these blocks, or correct the allowlist or the protected networks.',
  'list.everyAddress': 'it would block every address',
  'list.sentinel': 'it is the sentinel of the empty list',
  listLong:
    'The list has {entries#} entries; most PAN-OS models load 50,000 over all lists, large ones 150,000, and skip the rest.',
  'listLong.mend': 'Shorten retention.inactiveMonths, or block networks instead of single addresses.',
  listNotTold: 'Revision {revision#} is served, but telling of it failed: {why?}.',
  'listNotTold.mend': 'Look at the log for the cause.',
  'listFile.serving': 'Serving revision {revision#}[ with {entries#} entries].',
  'listFile.mend': 'The file is written anew with the next revision; look for a full or failing disk.',
  'listFile.notWritten': 'Cannot write the block list to {path}: {why?}. It is still served from memory.',
  'listFile.room': 'Free space on the disk of data.dir and see that its owner may write there.',
  'listFile.description': 'The description {path} of the last block list cannot be read ({why}).',
  'listFile.missing': 'The last block list {path} is missing.',
  'listFile.checksum': 'its checksum does not match',
  'listFile.damaged': 'The last block list {path} is damaged ({why?}) and is not used.',
  'listFile.noDescription': 'The block list {path} has no description; its lines are whole.',
  'listFile.size': '{path} has {size#} bytes, which is no block list.',
  'listFile.empty': 'it is empty',
  'listFile.cut': 'its last line is cut',
  'listFile.noAddress': 'line {line#} is no address or network',
  'listFile.order': 'line {line#} is out of order',
  enforcementLeak:
    'The firewall {name} has the list and still lets {what?} through; {target}[ by the rule {rule}], {lines#} lines.',
  enforcementNone:
    'The firewall {name} lets {what?} through and is not known to fetch the list; {target}[ by the rule {rule}], {lines#} lines.',
  'enforcement.oneAddress': 'a blocked address',
  'enforcement.addresses': '{count#} blocked addresses',
  'enforcementLeak.mend':
    'Look whether the deny rule stands above the allow rules and covers the zone (firewalls check); firewalls leaks lists the addresses.',
  'enforcementNone.mend':
    'Set up the list and the deny rule on it; if it fetches from another address, say so: firewalls add NAME --address ADDRESS --device NAME.',
  enforcementIdle:
    'The firewall {name} fetched the list {fetches#} times, and no line of it ever shows a blocked source denied, while blocked sources get through.',
  'enforcementIdle.mend':
    'The deny rule is missing, is disabled, stands below the allow rules, or does not use the list: docs/firewalls, step "The deny rule".',
  enforcementLoaded:
    'The firewall {name} loaded {valid#} entries of the feed {feed}[ ({rest?})]; the list that it fetched has {expected?}.',
  'enforcementLoaded.ignored': '{count#} ignored',
  'enforcementLoaded.invalid': '{count#} invalid',
  'enforcementLoaded.both': '{ignored#} ignored, {invalid#} invalid',
  'enforcementLoaded.unknown': 'an unknown number of',
  'enforcementLoaded.mend':
    'It holds no more entries over all its lists, or its copy is old: look at list-capacities on the firewall, shorten or aggregate the feed, refresh it.',
  firewallNotFetching:
    'The firewall {name} has not fetched any list from {addresses} since the start of the service.',
  'firewallNotFetching.mend':
    'Look at its external list, its service route and the rules between; if it fetches from another address: firewalls change.',
  feedPinned: 'The feed {feed} stays at revision {revision#}: {who} wanted it so ({why}).',
  'feedPinned.mend':
    'When it may follow the decisions again: active-defense feeds release {feed} --reason TEXT',
  feedHeld: 'The next list of the feed {feed} is held; revision {revision#} is still served. {why?}',
  'feedHeld.mend':
    'Look at it with feeds diff {feed}; then feeds release {same} or feeds refuse {again}, with a reason.',
  feedNearlyFull:
    'The feed {feed} has {entries#} entries, {percent#} % or more of the {limit#} that its firewall holds.',
  'feedNearlyFull.mend':
    'Aggregate it, narrow its filter, shorten retention.inactiveMonths, or divide it among shards.',
  feedLeftOut:
    '{count#} decisions found no place in the feed {feed}, whose firewall holds {limit#} entries; those of least value are left out.',
  'feedLeftOut.mend':
    'feeds preview {feed} shows which. Aggregate it, allow collateral, or divide it among shards.',
  'feedsCopy.unread': "The copy of the feeds' definitions {path} cannot be read ({why}).",
  'feedsCopy.one': 'A feed in {path} is not used: {why?}',
  firewallRefused:
    '{address}[ ({count#} addresses in all)] has fetched before and was turned away at the feed {feed}: {why?}. Its connection was closed, so that it keeps its last list.',
  'firewallRefused.mend':
    'Give it what the feed asks for (feeds rotate-token {feed} makes a new credential beside the old), or forget it: feeds fetchers {same} --forget ADDRESS.',
  'firewallRefused.address': 'its address is none of those that may fetch',
  'firewallRefused.none': 'it brought no credential',
  'firewallRefused.wrong': 'its credential is wrong or has ended',
  'firewallRefused.path': 'it asked for a path that no feed has any more',
  feedNotUsed: 'The feed {id} is not used: {why?}',
  feedsNotCopied:
    "The copy of the feeds' definitions cannot be written: {why?}. A start without the state would not know them.",
  'feedsNotRead.mend': 'Look at active-defense feeds list; make the feed anew with feeds add.',
  'fetches.lost':
    '{count#} fetches of feeds were not written to the journal, because more came than it takes.',
  'fetches.notWritten': 'Fetches of feeds cannot be written to the journal: {why?}.',
  'fetches.mend': 'Lists are served all the same. Look at the disk and the state database.',
  feedNotMade: 'The feed {feed} could not be made ({why?}); revision {revision#} is still served.',
  'feedNotMade.mend': 'It is tried again by itself every few seconds; look at the log for the cause.',
  'packer.closed': 'the packer is closed',
  'packer.waiting': '{count#} feeds wait to be packed already',
  'packer.failed': 'packing failed: {why}',
  'packer.ended': 'the packer was closed',
  'packer.long': 'packing took longer than {ms#} ms',
  'packer.thread': 'the packing thread ended: {why}',
  revisionDamaged: 'Revision {revision#} is damaged ({why?}) and not used.',
  'revision.missing': 'it is missing',
  'revision.noneGood': '{what!} No last good list of the feed is there.',
  'revision.mend': 'It is written anew with the next revision; look for a full or failing disk.',
  feedFile: 'Cannot write the feed {feed} to {folder}: {why?}. It is still served from memory.',
  'revision.other': '{name*} is not of this revision.',
  'revision.unread': '{name*} cannot be read ({why}).',
  'revision.bytes': '{size#} bytes are no list',
  firewallSilent:
    '{address} last fetched the feed {feed} {ago~} ago; it came every {every~}[, and {more#} more]. It enforces an old list.',
  'firewallSilent.mend':
    'Test the list on that firewall, and the way to it. If it is gone for good: active-defense feeds fetchers {feed} --forget {address}',
  massExpiry:
    '{count|block|blocks} of {all#} would expire at once (clock: {now@}): none does until a person confirms.',
  'massExpiry.mend':
    'Check the clock of this machine. If it is right, confirm the expiry; if not, set it and the alarm goes away.',
  tooManyHeld: '{count|block|blocks} wait for review; further ones are not even held.',
  'tooManyHeld.mend': 'Review what waits: release it, refuse it, or withdraw it by rule, device or time.',
  brake:
    'Detectors want to block more than {limit#} sources a minute: new blocks are held for review, the list stays as it is.',
  'brake.mend':
    'Look at the held blocks and their device. Release them, withdraw what was blocked wrongly, or raise decisions.maxPerMinute.',
  listListener: 'A change of the block list was not taken over: {why?}.',
  'listListener.mend': 'Look at the log for the cause; restart the service to publish the whole list again.',
  judgementsNotRead: 'What was judged before the start could not be read: {why?}. It is judged once more.',
  'judgementsNotRead.mend': 'Look at the disk and the state database, and at blocks of the last minutes.',
  stateNotPruned: 'Old decisions and detections could not be deleted: {why?}.',
  'stateNotPruned.mend':
    'Look at the disk and at the state database; it is tried again at the next nightly job.',
  stateNotWritten:
    'The state could not be written ({why?}). Blocks take effect all the same; {count#} changes wait and would be lost by a restart.',
  'stateNotWritten.mend':
    'Look at the disk and at the state database in the data folder; writing is tried again by itself.',
  stateQueue: 'the state could not be written for so long that its changes no longer fitted the queue',
  'stateFile.damaged':
    'the state database was damaged ({why}); it was set aside as {aside} and a new one begun; {rescued?}. Restore a backup if there is one',
  'stateFile.replaced':
    '{path} was replaced by another file while the service runs: nothing is written to it. Restart the service to use it',
  'stateFile.removed': '{path} was removed while the service runs and could not be written back: {why}',
  'stateFile.back':
    '{path} was removed while the service ran (noticed {at@}); the state was written back, nothing is lost',
  noAnswer: 'no answer within {seconds#} s',
  'udp.mend':
    'sysctl -w net.core.rmem_max={bytes} && echo net.core.rmem_max={same} > /etc/sysctl.d/60-active-defense.conf, then restart the service',
} as const
