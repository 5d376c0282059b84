import { hasErrors } from '../../domain/problem.ts'
import type { LogEntry } from '../../reconciler/ports.ts'
import { everyCron } from '../../reconciler/schedule.ts'
import type { Opened } from '../house/open.ts'
import { formatProblems } from '../terminal/problems.ts'
import { describeImpact, publishSpecs } from '../specs/publish-specs.ts'

/**
 * Publishes what is merged: at the times of a cron expression it looks whether the head of the spec branch moved, and then compiles and publishes
 * it. Specs with problems are told once for each commit, and change nothing.
 * @returns what ends it, after what is under way
 */
export function followBranch(
  opened: Opens,
  options: { readonly cron: string; readonly now: () => Date; log(entry: LogEntry): void },
): () => Promise<void> {
  const { log } = options
  let published: string | undefined
  let running: Promise<void> | undefined

  const look = async (): Promise<void> => {
    const heads = `${await opened.specs.head()} ${await opened.deploy.head()}`
    if (heads === published) return
    const commit = await publishBranch(opened, log)
    published = `${commit} ${await opened.deploy.head()}`
  }
  const due = (): void => {
    running ??= look()
      .catch((error: unknown) => {
        log({ level: 'warn', message: `publishing: ${error instanceof Error ? error.message : String(error)}` })
      })
      .finally(() => {
        running = undefined
      })
  }
  const end = everyCron(options.cron, options.now, due)
  due()
  return async () => {
    end()
    await running
  }
}

type Opens = Pick<Opened, 'settings' | 'deploy' | 'specs'>

/** Publishes the head of the spec branch, and tells what came of it. @returns the commit that was read; null in a working tree */
export async function publishBranch(opened: Opens, log: (entry: LogEntry) => void): Promise<string | null> {
  const { result, problems, publication, source } = await publishSpecs(opened)
  const where = `specs ${source.commit?.slice(0, 10)}`
  if (hasErrors(problems)) log({ level: 'error', message: `${where} are not published:\n${formatProblems(problems)}` })
  else if (publication) {
    const lines = [`${where} published as ${publication.commit.slice(0, 10)}`, ...describeImpact(result)]
    log({ level: 'info', message: lines.join('\n  ') })
  }
  return source.commit
}
