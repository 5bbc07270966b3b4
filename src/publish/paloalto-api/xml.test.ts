/** XML of firewalls: what is read, and what is refused before it can do harm. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { child, descend, escapeXml, readXml, type XmlElement, XmlError } from './xml.ts'

test('elements, attributes, entities, comments and CDATA are read', () => {
  const root = readXml(
    '<?xml version="1.0"?>\n<!-- c --><response status="success" code=\'19\'>a &lt;b&gt; &#65;&#x42;<!-- x --><result><![CDATA[<raw> & ]]></result><empty/></response>\n',
  )
  assert.equal(root.attributes.get('status'), 'success')
  assert.equal(root.attributes.get('code'), '19')
  assert.equal(root.text, 'a <b> AB')
  assert.equal(child(root, 'result')?.text, '<raw> &')
  assert.deepEqual(child(root, 'empty')?.children, [])
  assert.equal(descend(root, 'result', 'none'), null)
})

test('what could expand or point elsewhere, and what is not well-formed, is refused', () => {
  const bad = [
    '',
    'text',
    '<a>',
    '<a></b>',
    '<a/><b/>',
    '<a b=c/>',
    '<a b="1" b="2"/>',
    '<a b="<"/>',
    '<a>&other;</a>',
    '<a>&</a>',
    '<a>&#0;</a>',
    '<a>&#xD800;</a>',
    '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
    '<a><!DOCTYPE b></a>',
    '<a><?pi?></a>',
    '<a><!-- </a>',
    '<a><![CDATA[ </a>',
    '<1a/>',
    `${'<a>'.repeat(70)}${'</a>'.repeat(70)}`,
  ]
  for (const text of bad) assert.throws(() => readXml(text), XmlError, text.slice(0, 40))
})

test('what is written escaped is read back as it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (text) => {
      const clean = text.replaceAll(/[\p{Cc}\p{Cs}]/gu, '').trim()
      const root = readXml(`<a b="${escapeXml(clean)}">${escapeXml(clean)}</a>`)
      assert.equal(root.attributes.get('b'), clean)
      assert.equal(root.text, clean)
    }),
    { numRuns: 300 },
  )
})

test('any text is read or refused, and never anything else happens', () => {
  const piece = fc.constantFrom(
    '<',
    '>',
    '/',
    'a',
    'b',
    '="',
    '"',
    '&lt;',
    '&',
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    ' ',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      try {
        const root: XmlElement = readXml(pieces.join(''))
        assert.ok(root.name.length > 0)
      } catch (error) {
        assert.ok(error instanceof XmlError, String(error))
      }
    }),
    { numRuns: 3000 },
  )
})
