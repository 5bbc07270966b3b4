import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bindParameters, completeStatement, insertFromFile } from './statement.ts'
import { StoreError } from './store-error.ts'

const bind = (sql: string, parameters: Record<string, string>): string =>
  bindParameters(sql, new Map(Object.entries(parameters)))
const complete = (sql: string, settings: Record<string, string> = {}) =>
  completeStatement(sql, new Map(Object.entries(settings)), 'JSONEachRow')
const refused = (code: number) => (error: unknown) =>
  error instanceof StoreError && error.clickhouseCode === code

test('parameters become quoted casts of their type', () => {
  assert.equal(bind('SELECT {n:UInt32}', { n: '5' }), "SELECT _CAST('5', 'UInt32')")
  assert.equal(
    bind('SELECT { t : String }', { t: "a\\'b\\tc\\\\" }),
    "SELECT _CAST('a\\'b\tc\\\\', 'String')",
  )
  assert.equal(bind('SELECT {n:Nullable(UInt8)}', { n: '\\N' }), "SELECT _CAST(NULL, 'Nullable(UInt8)')")
  assert.equal(
    bind("SELECT {t:DateTime64(3, 'UTC')}", { t: '0' }),
    "SELECT _CAST('0', 'DateTime64(3, \\'UTC\\')')",
  )
  assert.equal(bind('SELECT * FROM {t:Identifier}', { t: 'a`b' }), 'SELECT * FROM `a\\`b`')
  assert.equal(
    bind('SELECT {a:Array(String)}', { a: "['x\\'y']" }),
    "SELECT _CAST('[\\'x\\\\\\'y\\']', 'Array(String)')",
  )
})

test('a placeholder within quotes or a comment is text', () => {
  const sql = `SELECT '{n:UInt32}', "{n:UInt32}", \`{n:UInt32}\` -- {n:UInt32}\n/* {n:UInt32} */ $a${'$'}{n:UInt32}$a$`
  assert.equal(bind(sql, {}), sql)
})

test('a missing parameter is refused', () => {
  assert.throws(() => bind('SELECT {n:UInt32}', {}), refused(456))
})

test('no value of a parameter ends its literal', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (value) => {
      const sql = completeStatement(bind('SELECT {v:String} AS v', { v: value }), new Map(), 'TSV').sql
      // What is left when the literal is taken out is the statement as it was written.
      assert.match(sql, /^SELECT _CAST\('(?:[^'\\]|\\[\s\S])*', 'String'\) AS v\nFORMAT TSV$/)
    }),
  )
})

test('settings and format go behind a read, and its own stay', () => {
  assert.equal(
    complete('SELECT 1;', { max_threads: '2' }).sql,
    'SELECT 1\nFORMAT JSONEachRow\nSETTINGS max_threads = 2',
  )
  assert.equal(
    complete('SELECT 1 FORMAT RowBinary', { log_comment: "a'b" }).sql,
    "SELECT 1 FORMAT RowBinary\nSETTINGS log_comment = 'a\\'b'",
  )
  assert.equal(
    complete('SELECT 1 FORMAT TSV SETTINGS max_threads = 1', { a: '1' }).sql,
    'SELECT 1 FORMAT TSV SETTINGS max_threads = 1, a = 1',
  )
  assert.equal(complete('SELECT 1 -- end', { a: '1' }).sql, 'SELECT 1\nFORMAT JSONEachRow\nSETTINGS a = 1')
})

test('formats with a frame are not streamed, since every piece would carry one', () => {
  assert.equal(complete('SELECT 1 FORMAT JSON').isStreamable, false)
  assert.equal(complete('SELECT 1 FORMAT CSVWithNames').isStreamable, false)
  assert.equal(complete('SELECT 1').isStreamable, true)
})

test('what is no single plain statement is refused', () => {
  for (const sql of [
    'SELECT 1; DROP TABLE logs',
    '',
    ';',
    "SELECT 'open",
    'SELECT /* open',
    "SELECT 1 INTO OUTFILE '/x'",
  ])
    assert.throws(() => complete(sql), refused(62), sql)
  assert.throws(() => complete('SELECT 1', { 'a = 1, b': '1' }), refused(115))
  assert.doesNotThrow(() => complete("SELECT ';' -- ;\n"))
})

test('an insert takes its rows from a file and keeps its own settings', () => {
  assert.equal(
    insertFromFile("INSERT INTO logs SETTINGS a = 'FORMAT x', b = 2 FORMAT Native", "/d/it's", new Map()),
    "INSERT INTO logs  FROM INFILE '/d/it\\'s' SETTINGS a = 'FORMAT x', b = 2 FORMAT Native",
  )
  assert.equal(
    insertFromFile('insert into t (a, b) format CSV', '/d/f', new Map([['c', '1']])),
    "INSERT INTO t (a, b) FROM INFILE '/d/f' SETTINGS c = 1 FORMAT CSV",
  )
  assert.throws(() => insertFromFile('INSERT INTO t SELECT 1', '/d/f', new Map()), refused(62))
})
