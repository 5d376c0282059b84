import { expect, it } from 'vitest'
import { missingRights } from './base/rights.ts'

const status = (capabilities: string) => `Name:\tnode\nCapPrm:\t000001ffffffffff\nCapEff:\t${capabilities}\n`

it.each([
  ['a full root may do all', '000001ffffffffff', []],
  [
    'an ordinary user may do neither',
    '0000000000000000',
    ['make a bridge (CAP_NET_ADMIN)', expect.stringMatching(/^mount/)],
  ],
  [
    'root of an ordinary container may do neither',
    '00000000a80425fb',
    ['make a bridge (CAP_NET_ADMIN)', expect.stringMatching(/^mount/)],
  ],
  ['root with the network but without mounts may not mount', '00000000a80435fb', [expect.stringMatching(/^mount/)]],
])('%s', (_sentence, capabilities, missing) => {
  expect(missingRights(status(capabilities))).toEqual(missing)
})
