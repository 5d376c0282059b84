import { describe, expect, it } from 'vitest'
import { Fault, isFault } from '../../domain/fault.ts'
import { openDatabase } from '../../records/database.ts'
import { databaseFault } from '../../records/faults.ts'
import { openRedis } from '../../records/redis.ts'

const secret = 'correct-horse-battery'

function databaseError(code: string | undefined, message = 'something happened'): Error {
  return Object.assign(new Error(message), code === undefined ? {} : { code })
}

describe('an error of the database', () => {
  it.each([
    ['ECONNREFUSED', 'DATABASE_UNREACHABLE', 'soon'],
    ['EPIPE', 'DATABASE_UNREACHABLE', 'soon'],
    ['ENOTFOUND', 'DATABASE_UNREACHABLE', 'soon'],
    [undefined, 'DATABASE_UNREACHABLE', 'soon'],
    ['57P01', 'DATABASE_UNREACHABLE', 'soon'],
    ['57P03', 'DATABASE_UNREACHABLE', 'soon'],
    ['08006', 'DATABASE_UNREACHABLE', 'soon'],
    ['53300', 'DATABASE_UNREACHABLE', 'soon'],
    ['28P01', 'DATABASE_UNREACHABLE', 'never'],
    ['3D000', 'DATABASE_UNREACHABLE', 'never'],
    ['53100', 'DISK_FULL', 'later'],
    ['42P01', 'DATABASE_SCHEMA_OLD', 'never'],
    ['40001', 'DATABASE_FAILED', 'soon'],
    ['57014', 'DATABASE_FAILED', 'soon'],
    ['23505', 'DATABASE_FAILED', 'never'],
    ['XX000', 'DATABASE_FAILED', 'never'],
  ])('with code %s is fault %s, to be tried again: %s', (code, fault, retry) => {
    expect(databaseFault(databaseError(code))).toMatchObject({
      code: fault,
      retry,
      cause: { message: 'something happened' },
    })
  })

  it('whose cause is one of several addresses names that address', () => {
    const refused = Object.assign(databaseError('ECONNREFUSED'), { address: '::1', port: 5432 })
    const error = Object.assign(new AggregateError([refused]), { code: 'ECONNREFUSED' })
    expect(String(databaseFault(error))).toContain('(ECONNREFUSED) at ::1:5432')
  })

  it('that quotes a value keeps it out of the message', () => {
    const fault = databaseFault(databaseError('22P02', `invalid input syntax: "${secret}"`))
    expect(String(fault)).not.toContain(secret)
  })

  it('that is a fault already, or a mistake of ours, stays what it is', () => {
    for (const error of [
      new Fault('DISK_FULL', 'full', { retry: 'later' }),
      new TypeError('x is not a function'),
      'text',
    ])
      expect(databaseFault(error)).toBe(error)
  })
})

describe('a setting that is no URL', () => {
  it.each([
    `mysql://user:${secret}@host/base`,
    `postgres://user:${secret}@[host/base`,
    `postgres://user:${secret}@host:99999/base`,
    `redis://user:${secret}@host:99999`,
    `host=x password=${secret}`,
    '',
  ])('is refused without being quoted: %s', async (url) => {
    for (const open of [openDatabase, openRedis]) {
      const fault: unknown = await open(url).catch((error: unknown) => error)
      expect(isFault(fault, 'SETTINGS_INVALID')).toBe(true)
      expect(JSON.stringify(fault) + String(fault) + String((fault as Fault).hint)).not.toContain(secret)
    }
  })
})
