import type { Command } from 'commander'
import type { AddCommand } from './command.ts'
import { commandLine } from './command-line.ts'
import { addComment, addFmt, addInit, addSchema } from './groups/authoring.ts'
import { addCompletion } from './groups/completion.ts'
import { addAttach, addDeploy, addPromote, addRegister } from './groups/models.ts'
import { addDiff, addDrift, addExplain, addPolicies } from './groups/questions.ts'
import { addLogs, addRequests, addStatus, addTrace, addUp } from './groups/running.ts'
import { addMigrate, addObserve, addRebuild, addReconcile, addServe } from './groups/services.ts'
import { addRollback, addRollout } from './groups/serving.ts'
import { addBootstrap, addCheck, addCompile, addPublish } from './groups/specs.ts'
import type { World } from './world.ts'

/** The command line. Each command loads its own parts when it runs, so that none waits for what it does not use. */
export function createProgram(world: World): Command {
  return commandLine(world, commands)
}

const commands: readonly AddCommand[] = [
  addInit,
  addUp,
  addCheck,
  addFmt,
  addSchema,
  addExplain,
  addCompile,
  addDiff,
  addComment,
  addDrift,
  addPolicies,
  addPublish,
  addBootstrap,
  addStatus,
  addLogs,
  addTrace,
  addObserve,
  addRequests,
  addRollout,
  addRollback,
  addRegister,
  addAttach,
  addDeploy,
  addPromote,
  addReconcile,
  addServe,
  addMigrate,
  addRebuild,
  addCompletion,
]
