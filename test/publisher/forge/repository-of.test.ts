import { expect, it } from 'vitest'
import { repositoryOf } from '../../../publisher/forge/repository-of.ts'

const github = 'https://api.github.com'
const gitea = 'https://git.example.com:3000/api/v1'
const below = 'https://example.com/gitea/api/v1'

it.each([
  ['https://github.com/ml/specs.git', github, 'ml/specs'],
  ['https://github.com/ml/specs', github, 'ml/specs'],
  ['https://x-access-token:secret@github.com/ml/specs.git', github, 'ml/specs'],
  ['git@github.com:ml/specs.git', github, 'ml/specs'],
  ['ssh://git@github.com/ml/specs.git', github, 'ml/specs'],
  ['https://github.example.com/ml/specs', 'https://github.example.com/api/v3', 'ml/specs'],
  ['https://git.example.com:3000/ml/my.specs.git', gitea, 'ml/my.specs'],
  ['git@git.example.com:ml/specs.git', gitea, 'ml/specs'],
  ['ssh://git@git.example.com:2222/ml/specs.git', gitea, 'ml/specs'],
  ['https://example.com/gitea/ml/specs.git', below, 'ml/specs'],
  ['git@example.com:ml/specs.git', below, 'ml/specs'],
])('%s is known to the API %s as %s', (url, api, name) => {
  const found = repositoryOf(url, api)
  expect(`${found?.owner}/${found?.repository}`).toBe(name)
})

it.each([
  ['https://gitlab.com/ml/specs.git', github],
  ['https://github.com.evil.example/ml/specs.git', github],
  ['https://github.com@evil.example/ml/specs.git', github],
  ['https://git.example.com/ml/specs.git', gitea],
  ['https://git.example.com:3000/gitea/ml/specs.git', gitea],
  ['https://example.com/ml/specs.git', below],
  ['/srv/git/specs.git', github],
  ['https://github.com/specs.git', github],
  ['https://github.com/ml/specs.git', 'no address'],
])('%s is none of the repositories of the API %s', (url, api) => {
  expect(repositoryOf(url, api)).toBeUndefined()
})
