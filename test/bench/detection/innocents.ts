/** The innocent of the synthetic month, who look like attackers. */
import { v4 } from './events.ts'
import { type Maker, MONTH_START_MS, DAY_MS, MONTH_MS, HOUR_MS, MINUTE_MS, OUR_FIRST } from './maker.ts'

/** Adds all of them. */
export function addInnocents(maker: Maker): void {
  noise(maker)
  lateReplies(maker)
  office(maker)
  monitoring(maker)
  crawlers(maker)
  wideCrawlers(maker)
  forgetfulUsers(maker)
}

function noise(maker: Maker): void {
  maker.group('background noise', 'innocent', '1 to 3 packets in the whole month', 20_000, (source) => {
    const packets = 1 + maker.int(3)
    for (let i = 0; i < packets; i++) maker.denied(maker.start(), source, maker.host(), maker.port())
  })
}

function lateReplies(maker: Maker): void {
  const ours = v4(OUR_FIRST + 1)
  maker.group(
    '50 busy servers',
    'innocent',
    'late replies (DNS, QUIC, NTP, web, mail) to 10,000 of our high ports each',
    50,
    (source) => {
      const [port, isUdp] = SERVERS[maker.int(SERVERS.length)] as readonly [number, boolean]
      for (let i = 0; i < 10_000; i++) {
        const at = MONTH_START_MS + maker.int(MONTH_MS)
        const kind = isUdp ? 'udp-denied' : 'denied'
        maker.events.add(at, v4(source), ours, port, maker.highPort(), kind)
      }
      // and a burst: the link was down for a minute
      const at = maker.start()
      for (let i = 0; i < 500; i++) {
        const kind = isUdp ? 'udp-denied' : 'denied'
        maker.events.add(at + maker.int(MINUTE_MS), v4(source), ours, port, maker.highPort(), kind)
      }
    },
  )
}

function office(maker: Maker): void {
  maker.group(
    'office behind one address',
    'innocent',
    '300 people on 6 of our services, all month; 30 of them a day mistype a password, up to twice',
    3,
    (source) => {
      for (let i = 0; i < 100_000; i++) {
        const host = v4(OUR_FIRST + 10 + maker.int(6))
        const port = OFFICE_PORTS[maker.int(OFFICE_PORTS.length)] as number
        maker.events.add(
          MONTH_START_MS + maker.int(MONTH_MS),
          v4(source),
          host,
          maker.highPort(),
          port,
          'session',
        )
      }
      for (let i = 0; i < 30 * 30; i++) {
        const at = MONTH_START_MS + Math.floor(i / 30) * DAY_MS + 8 * HOUR_MS + maker.int(9 * HOUR_MS)
        const user = maker.int(300)
        for (let n = 1 + maker.int(2); n > 0; n--) maker.login(at + n * 15_000, source, user)
      }
    },
  )
}

function monitoring(maker: Maker): void {
  maker.group(
    'monitoring service',
    'innocent',
    '5 ports of 3 hosts every 5 minutes, all month',
    3,
    (source) => {
      for (let at = MONTH_START_MS; at < MONTH_START_MS + MONTH_MS; at += 5 * MINUTE_MS)
        for (let i = 0; i < 15; i++)
          maker.events.add(
            at + i * 200,
            v4(source),
            v4(OUR_FIRST + 10 + (i % 3)),
            maker.highPort(),
            OFFICE_PORTS[i % 5] as number,
            'session',
          )
    },
  )
}

function crawlers(maker: Maker): void {
  maker.group('search engine', 'innocent', 'HTTPS of 8 web hosts, 20 pages an hour', 10, (source) => {
    for (let i = 0; i < 24 * 30 * 20; i++)
      maker.events.add(
        MONTH_START_MS + maker.int(MONTH_MS),
        v4(source),
        v4(OUR_FIRST + 20 + maker.int(8)),
        maker.highPort(),
        443,
        'session',
      )
  })
}

function wideCrawlers(maker: Maker): void {
  const what = 'HTTPS of 40 web hosts, one every 10 seconds for an hour a day'
  maker.group('crawler of 40 hosts', 'innocent', what, 5, (source) => {
    for (let day = 0; day < 30; day++) {
      const start = MONTH_START_MS + day * DAY_MS + maker.int(20 * HOUR_MS)
      for (let i = 0; i < 360; i++)
        maker.events.add(
          start + i * 10_000,
          v4(source),
          v4(OUR_FIRST + 20 + (i % 40)),
          maker.highPort(),
          443,
          'session',
        )
    }
  })
}

function forgetfulUsers(maker: Maker): void {
  maker.group('forgetful users', 'innocent', '3 failed logins in a row, twice a week', 200, (source) => {
    for (let i = 0; i < 8; i++) {
      const at = maker.start()
      for (let n = 0; n < 3; n++) maker.login(at + n * 20_000, source, source)
    }
  })
}

const OFFICE_PORTS = [443, 80, 993, 587, 8443]
const SERVERS: readonly (readonly [number, boolean])[] = [
  [53, true],
  [443, true],
  [123, true],
  [443, false],
  [80, false],
  [993, false],
]
