import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SignedIn } from './signed-in.ts'

test('an address is protected while a sign-in from it lasts, and the change is told', () => {
  const signedIn = new SignedIn()
  let changes = 0
  signedIn.onChange = () => changes++
  signedIn.add('a', '198.51.100.5')
  signedIn.add('b', '198.51.100.5')
  signedIn.add('b', '198.51.100.5')
  signedIn.remove('a')
  assert.deepEqual([...signedIn.addresses()], ['198.51.100.5'])
  signedIn.remove('b')
  signedIn.remove('b')
  assert.equal(signedIn.addresses().size, 0)
  assert.equal(changes, 4)
})

test('a session that moves takes its protection along; switched off, nobody is protected', () => {
  const signedIn = new SignedIn()
  signedIn.add('a', '198.51.100.5')
  signedIn.add('a', '198.51.100.6')
  assert.deepEqual([...signedIn.addresses()], ['198.51.100.6'])
  signedIn.isOn = false
  assert.equal(signedIn.addresses().size, 0)
})

test('ten thousand sign-ins are the bound', () => {
  const signedIn = new SignedIn()
  for (let i = 0; i < 10_050; i++) signedIn.add(`session ${i}`, `10.0.${i >> 8}.${i & 255}`)
  assert.equal(signedIn.addresses().size, 10_000)
})
