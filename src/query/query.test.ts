/** The filter language without a store: reading, errors, printing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FilterError } from './filter-error.ts'
import { FILTER_LIMIT_CHARACTERS, parseFilter } from './parse-filter.ts'
import { printFilter } from './print-filter.ts'

const canonical = (text: string): string => printFilter(parseFilter(text))

function faultOf(text: string): FilterError['fault'] {
  try {
    parseFilter(text)
  } catch (error) {
    if (error instanceof FilterError) return error.fault
    throw error
  }
  return assert.fail(`no error for ${text}`)
}

test('filters pasted from a PAN-OS firewall are read as they are', () => {
  for (const [pasted, printed] of [
    [
      '( addr.src in 192.0.2.0/24 ) and ( action eq deny )',
      '( addr.src in 192.0.2.0/24 ) and ( action eq deny )',
    ],
    ['(port.dst geq 1024) and (port.dst leq 13002)', '( port.dst geq 1024 ) and ( port.dst leq 13002 )'],
    ["( rule eq 'Active Defense sensor' )", "( rule eq 'Active Defense sensor' )"],
    ["( receive_time geq '2015/08/31 08:30:00' )", "( receive_time geq '2015/08/31 08:30:00' )"],
    ['( severity geq high ) and ( srcloc neq AU )', '( severity geq high ) and ( srcloc neq AU )'],
    ['( receive_time in last-15-minutes )', '( receive_time in last-15-minutes )'],
    ["!( user.src eq 'CORP\\alice' )", "not ( user.src eq 'CORP\\\\alice' )"],
    ['(addr.src notin 2001:db8::/32)', '( addr.src notin 2001:db8::/32 )'],
  ] as const)
    assert.equal(canonical(pasted), printed)
})

test('and binds closer than or, not closest; chains are one level', () => {
  assert.equal(canonical('a1 or b1 and not c1'), 'a1 or ( b1 and not c1 )')
  assert.equal(canonical('(a1 and b1) and c1'), 'a1 and b1 and c1')
  assert.equal(canonical('!(a1 or b1)'), 'not ( a1 or b1 )')
})

test('a bare address, network, port or word is a search; quoted it is a word', () => {
  assert.equal(parseFilter('198.51.100.7').kind, 'search')
  assert.equal(canonical('198.51.100.77/24'), '198.51.100.0/24')
  assert.equal(canonical('443'), '443')
  assert.equal(canonical("'443'"), "'443'")
  assert.equal(canonical('"and"'), "'and'")
  assert.equal(canonical(''), '')
})

test('names and cases that the record does not use are brought to those it uses', () => {
  assert.equal(canonical('sourceAddress == 198.51.100.7'), '( addr.src eq 198.51.100.7 )')
  assert.equal(canonical('TYPE eq traffic AND Action eq DENY'), '( type eq TRAFFIC ) and ( action eq deny )')
  assert.equal(canonical('src.net24 eq 198.51.100.7'), '( src.net24 eq 198.51.100.0/24 )')
  assert.equal(canonical('port.dst in (80, 8000-8100)'), '( port.dst in (80, 8000-8100) )')
})

test('errors point at the character, say what was expected, and offer what is near', () => {
  for (const [text, at, expected, fix] of [
    ['( actoin eq deny )', 2, /name of a field/, '( action eq deny )'],
    ['( action qe deny )', 9, /operator: eq, neq/, '( action eq deny )'],
    ['( severity geq hihg )', 15, /one of informational/, '( severity geq high )'],
    ['( addr.src eq 300.1.1.1 )', 14, /address or network/, null],
    ['( port.dst eq 70000 )', 14, /port from 1 to 65535/, null],
    ['( action eq deny', 16, /closing parenthesis/, '( action eq deny )'],
    ['( action eq deny ) )', 19, /never opened/, '( action eq deny )'],
    ["( rule eq 'x )", 10, /closing '/, "( rule eq 'x )'"],
    ['( action geq deny )', 9, /operator that action takes/, '( action eq deny )'],
    ['deny allow', 5, /and, or, or the end/, 'deny and allow'],
    ['( receive_time geq sometimes )', 19, /a time such as/, null],
    ['blocked eq maybe', 11, /yes or no/, null],
    ['a1 and', 6, /a condition/, null],
  ] as const) {
    const fault = faultOf(text)
    assert.equal(fault.at, at, text)
    assert.match(fault.expected, expected, text)
    assert.equal(fault.fix, fix, text)
  }
})

test('length, depth, terms and values are bounded, and the longest text is read at once', () => {
  assert.match(faultOf('x'.repeat(FILTER_LIMIT_CHARACTERS + 1)).expected, /characters/)
  assert.match(faultOf('('.repeat(100)).expected, /levels/)
  assert.match(faultOf('!'.repeat(100)).expected, /levels/)
  assert.match(faultOf(Array(300).fill('x1').join(' or ')).expected, /terms/)
  assert.match(faultOf(`port in (${Array(600).fill(80).join(',')})`).expected, /values/)
})
