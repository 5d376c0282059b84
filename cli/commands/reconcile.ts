import { readLedger } from '../../domain/ledger-files.ts'
import { createReconciler } from '../../reconciler/reconciler.ts'
import { type ExitCode, exitCodes } from '../exit.ts'
import { open } from '../open.ts'
import { UsageError, type World } from '../world.ts'
import { readSettings } from '../settings.ts'
import { holdStateFolder } from '../state-folder.ts'

/** One full pass over ledger and records. Clusters other than the local one, which runs inside `specyard up`, are not connected yet. */
export async function runReconcile(world: World, directory: string, options: { once?: boolean }): Promise<ExitCode> {
  if (!options.once) throw new UsageError('error: reconcile needs --once; specyard up reconciles while it runs')
  const settings = await readSettings(directory, world.environment)
  const lock = settings.databaseUrl ? undefined : await holdStateFolder(settings, 'specyard reconcile')
  try {
    const opened = await open(settings, world.environment, world.now)
    try {
      const reconciler = createReconciler({
        records: opened.records,
        live: opened.live,
        cluster: () => undefined,
        deploy: {
          read: async () => {
            const deployed = await opened.deploy.read()
            return { commit: deployed.commit, ledger: readLedger(deployed.files) }
          },
          log: (after) => opened.deploy.log(after),
        },
        operate: opened.operate,
        mintToken: (lease) => opened.tokens.mint(lease),
        now: world.now,
        log: ({ level, message }) => world.stderr.write(`${level}  ${message}\n`),
      })
      await reconciler.pass()
      world.stdout.write('reconciled\n')
      return exitCodes.fine
    } finally {
      await opened.close()
    }
  } finally {
    await lock?.release()
  }
}
