import { z } from 'zod'
import { type App, refusals } from '../app.ts'
import type { ApiPorts } from '../ports.ts'

const text = z.string()
const proposal = z.object({
  state: z.enum(['waiting', 'declined', 'foreign']).describe('foreign: somebody else’s commit stands on the branch'),
  ...{ branch: text, base: text, commit: text, subject: text },
  subjects: z.array(text).describe('environment/project/name of runs and endpoints'),
  pull_request: z.object({ number: z.number(), url: text }).nullable(),
  message: text,
})

/** What specs ask for and a person has yet to merge into the deploy repository. */
export function proposalRoutes(app: App, ports: Pick<ApiPorts, 'proposals'>): void {
  app.get(
    '/v1/proposals',
    {
      schema: {
        ...{ tags: ['catalog'], summary: 'List what waits for a pull request of the deploy repository' },
        response: { 200: z.object({ items: z.array(proposal) }), ...refusals },
      },
    },
    async () => ({
      items: (await ports.proposals()).map(({ pullRequest, subjects, ...one }) => ({
        ...{ ...one, subjects: [...subjects], pull_request: pullRequest },
      })),
    }),
  )
}
