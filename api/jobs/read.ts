import type { Run } from '../../domain/run.ts'
import { runNotFound } from '../errors.ts'
import type { ApiPorts } from '../ports.ts'

/** @throws ApiError RUN_NOT_FOUND */
export async function readRun({ records }: Pick<ApiPorts, 'records'>, id: string): Promise<Run> {
  const run = await records.runs.get(id)
  if (run === undefined) throw runNotFound(id)
  return run
}
