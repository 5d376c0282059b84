import { type AddCommand, folder, outputOption } from '../command.ts'

// The commands that bring model versions from where they were made to where they serve.

interface Printed {
  readonly output: 'human' | 'json'
}

export const addRegister: AddCommand = (program, world) => {
  program
    .command('register <run>')
    .description('make a model version of a run, once, and show it in MLflow')
    .option('--project <name>', 'the project, instead of the one that the run names')
    .option('--model <name>', 'the model, instead of the one that the run names')
    .addOption(outputOption(['human', 'json']))
    .addHelpText(
      'after',
      '\n<run> is a run of Specyard by its name or id, or a run of MLflow by its id.\n\nExamples:\n  specyard register handbook-lm\n  specyard register 1c384282e69a412193216e1894b20ed4',
    )
    .action(async (run: string, options: Printed & { project?: string; model?: string }) => {
      const { runRegister } = await import('../commands/models.ts')
      world.exit(await runRegister(world, folder(program, world), run, options))
    })
}

export const addAttach: AddCommand = (program, world) => {
  program
    .command('attach <run>')
    .description('log a Serving Model Spec and a Serving Endpoint Spec as artifacts of a run of MLflow')
    .option('--model-spec <file>', 'what the model version is: project, model, uri, digest, sizeBytes')
    .option('--endpoint-spec <file>', 'a ServingEndpoint that serves it')
    .addOption(outputOption(['human', 'json']))
    .addHelpText(
      'after',
      '\nExamples:\n  specyard attach handbook-lm --endpoint-spec endpoint.yaml\n  specyard attach 1c384282e69a412193216e1894b20ed4 --model-spec model.yaml --endpoint-spec endpoint.yaml',
    )
    .action(async (run: string, options: Printed & { modelSpec?: string; endpointSpec?: string }) => {
      const { runAttach } = await import('../commands/models.ts')
      world.exit(await runAttach(world, folder(program, world), run, options))
    })
}

export const addDeploy: AddCommand = (program, world) => {
  program
    .command('deploy <version>')
    .description('propose the Serving Endpoint Spec that the run of a model version left, as a change of the specs')
    .addOption(outputOption(['human', 'json']))
    .addHelpText(
      'after',
      '\nExamples:\n  specyard deploy handbook-lm@2\n  specyard deploy language/handbook-lm@2 --output json',
    )
    .action(async (version: string, { output }: Printed) => {
      const { runDeploy } = await import('../commands/models.ts')
      world.exit(await runDeploy(world, folder(program, world), version, output))
    })
}

export const addPromote: AddCommand = (program, world) => {
  program
    .command('promote <endpoint>')
    .description(
      'propose that another environment serves what an endpoint serves in this one, as a change of the specs',
    )
    .requiredOption('--to <environment>', 'the environment that is to serve it too')
    .addOption(outputOption(['human', 'json']))
    .addHelpText(
      'after',
      '\n<endpoint> is environment/project/name.\n\nExamples:\n  specyard promote dev/language/handbook --to prod',
    )
    .action(async (endpoint: string, options: Printed & { to: string }) => {
      const { runPromote } = await import('../commands/models.ts')
      world.exit(await runPromote(world, folder(program, world), endpoint, options))
    })
}
