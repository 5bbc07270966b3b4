import assert from 'node:assert/strict'
import { test } from 'node:test'
import { recordOf } from '../test-lines.ts'

const KEYS = [
  'format',
  'type',
  'outcome',
  'action',
  'sourceUser',
  'sourceAddress',
  'sourcePort',
  'flags',
] as const
const PEER = '198.51.100.7'

for (const [line, expected] of [
  [
    `<29>Jul  3 21:42:57 openvpn[66026]: ${PEER}:37849 TLS Auth Error: Auth Username/Password verification failed for peer`,
    ['openvpn', 'OPENVPN', 'failure', 'authentication-failed', null, PEER, 37849, []],
  ],
  [
    `<29>Jul  3 21:42:57 gw openvpn_server1[6]: bob/${PEER}:37849 VERIFY ERROR: depth=0, error=certificate has expired`,
    ['openvpn', 'OPENVPN', 'failure', 'certificate-refused', 'bob', PEER, 37849, []],
  ],
  [
    `<29>Jul  3 21:42:57 openvpn[66026]: ${PEER}:37849 [bob] Peer Connection Initiated with [AF_INET]${PEER}:37849`,
    ['openvpn', 'OPENVPN', 'success', 'connected', 'bob', PEER, 37849, []],
  ],
  [
    '<29>Jul  3 21:42:57 openvpn[66026]: udp6:2001:db8::7:37849 peer info: IV_VER=3',
    ['openvpn', 'OPENVPN', null, null, null, '2001:db8::7', 37849, []],
  ],
  [
    "<36>1 2024-07-03T22:40:38.477134-05:00 gw openvpn 68813 - - user 'bob' could not authenticate.",
    ['openvpn', 'OPENVPN', 'failure', 'authentication-failed', 'bob', null, null, []],
  ],
  [
    "<36>Jul  3 21:42:57 openvpn[68813]: user 'x' authenticated' could not authenticate.",
    ['openvpn', 'OPENVPN', 'failure', 'authentication-failed', "x' authenticated", null, null, ['ambiguous']],
  ],
  [
    `<27>Jul  3 21:42:57 openvpn[6]: TLS Error: cannot locate HMAC in incoming packet from [AF_INET]${PEER}:34745`,
    ['openvpn', 'OPENVPN', null, null, null, PEER, 34745, []],
  ],
  [
    `Jun 27 09:02:22 gw gw sshd[454008]: Failed keyboard-interactive/pam for invalid user bob from ${PEER} port 5454 ssh2`,
    ['openssh', 'SSHD', 'failure', 'failed', 'bob', PEER, 5454, []],
  ],
  [
    `Jun 27 09:02:22 gw sshd[454008]: Failed password for x from 192.0.2.66 port 1 ssh2 from ${PEER} port 5454 ssh2`,
    ['openssh', 'SSHD', 'failure', 'failed', 'x from 192.0.2.66 port 1 ssh2', PEER, 5454, ['ambiguous']],
  ],
  [
    `<38>1 2024-07-03T22:40:38Z gw sshd 68813 - - Accepted publickey for bob from ${PEER} port 5454 ssh2: RSA SHA256:x`,
    ['openssh', 'SSHD', 'success', 'accepted', 'bob', PEER, 5454, []],
  ],
  [
    `Jun 27 09:02:22 gw sshd[454008]: Failed publickey for bob from ${PEER} port 5454 ssh2`,
    ['openssh', 'SSHD', null, 'failed', 'bob', PEER, 5454, []],
  ],
  [
    'Jun 27 09:02:22 gw sshd[454008]: Invalid user x from 192.0.2.66 port 1',
    ['openssh', 'SSHD', null, null, null, null, null, []],
  ],
  [
    `Jun 27 09:02:22 gw php-fpm[12]: /index.php: webConfigurator authentication error for user 'bob' from: ${PEER}`,
    ['service', 'PHP-FPM', 'failure', 'authentication-error', 'bob', PEER, null, []],
  ],
  [
    `<38>1 2024-07-03T22:40:38Z gw audit 12 - [meta sequenceId="1"] /index.php: Successful login for user 'bob' from: ${PEER}`,
    ['service', 'AUDIT', 'success', 'login', 'bob', PEER, null, []],
  ],
  [
    `Jun 27 09:02:22 gw php-fpm[12]: /index.php: webConfigurator authentication error for user 'x' from: 192.0.2.66' from: ${PEER}`,
    [
      'service',
      'PHP-FPM',
      'failure',
      'authentication-error',
      "x' from: 192.0.2.66",
      PEER,
      null,
      ['ambiguous'],
    ],
  ],
  [
    '<190>Jul  4 09:39:41 dhcpd[64305]: DHCPREQUEST for 192.0.2.8 (192.0.2.1) from 00:00:5e:00:53:02 (for 192.0.2.66) via eth0',
    ['service', 'DHCPD', null, 'dhcprequest', null, '192.0.2.8', null, []],
  ],
  [
    '<190>Jul 23 18:11:58 dhcpd[6555]: Solicit message from 2001:db8::7 port 546, transaction ID 0x3C21A200',
    ['service', 'DHCPD', null, 'solicit-message', null, '2001:db8::7', 546, []],
  ],
  [
    '<190>Jul 23 18:11:58 dhcpd[6555]: Reply NA: address 2001:db8::8 to client with duid 00:02 (2001:db8::66)',
    ['service', 'DHCPD', null, 'reply-na', null, '2001:db8::8', null, []],
  ],
  [
    '<190>Jul  4 09:39:41 dhcpd[6]: DHCPDISCOVER from 00:00:5e:00:53:02 (192.0.2.66) via eth0',
    ['service', 'DHCPD', null, 'dhcpdiscover', null, null, null, []],
  ],
  [
    '<30>Aug 15 16:19:02 unbound[26931]: [26931:0] info: 192.0.2.8 www.example.com. A IN',
    ['service', 'UNBOUND', null, null, null, '192.0.2.8', null, []],
  ],
] as const) {
  test(`service line: ${line}`, () => {
    const record = recordOf(line)
    assert.deepEqual(
      KEYS.map((key) => record[key]),
      expected,
    )
  })
}

test('a DHCP request names the server that it asks', () => {
  const { destinationAddress, protocol } = recordOf(
    '<190>Jul  4 09:39:41 dhcpd[6]: DHCPREQUEST for 192.0.2.8 (192.0.2.1) from 00:00:5e:00:53:02 (pc) via eth0',
  )
  assert.deepEqual([destinationAddress, protocol], ['192.0.2.1', 'udp'])
})
