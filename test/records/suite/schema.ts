import { describe, expect, it } from 'vitest'
import { migrations } from '../../../migrations/all.ts'
import { checkSchema, migrate } from '../../../records/migrate.ts'
import { queryOnce } from '../../../records/pool.ts'
import { addRun, changeRun, later, sampleAttempt, sampleRun, type TestRecords } from '../../support/records.ts'

export function describeSchema(context: () => TestRecords): void {
  describe('the view of runs as workflows', () => {
    it('has the source document’s columns and words', async () => {
      const { pool } = context()
      const run = await addRun(context(), { state: 'RUNNING', startedAt: later(1) })
      const progress = { step: 9, epoch: 3, totalEpochs: 4, percentage: 99.9 }
      await changeRun(context(), run.id, {
        state: 'SUCCEEDED',
        progress,
        finalMetrics: { a: 1 },
        completedAt: later(2),
      })
      const [row] = await queryOnce(pool, 'select * from workflows where id = $1', [run.id])
      expect(row).toMatchObject({
        ...{ id: run.id, user_id: null, name: 'handbook-lm', description: null, temporal_workflow_id: null },
        ...{
          status: 'completed',
          progress_percentage: 99,
          current_epoch: 3,
          total_epochs: 4,
          allocated_gpu_type: 'T4',
        },
        ...{ allocated_gpu_count: 2, final_metrics: { a: 1 }, error_message: null, created_at: run.createdAt },
        ...{ started_at: later(1), completed_at: later(2), deleted_at: null },
      })
    })

    it.each([
      ['PENDING', 'pending'],
      ['QUEUED', 'queued'],
      ['RUNNING', 'running'],
      ['SUCCEEDED', 'completed'],
      ['FAILED', 'failed'],
      ['CANCELLED', 'cancelled'],
    ] as const)('says %s as %s', async (state, word) => {
      const run = await addRun(context(), { state, message: 'exit code 1' })
      const rows = await queryOnce(
        context().pool,
        'select status, error_message, progress_percentage from workflows where id = $1',
        [run.id],
      )
      expect(rows).toEqual([
        { status: word, error_message: state === 'FAILED' ? 'exit code 1' : null, progress_percentage: 0 },
      ])
    })
  })

  describe('the configuration of a run', () => {
    it('is kept whole, and searchable in the columns of the source document', async () => {
      const { pool } = context()
      const run = await addRun(context())
      await addRun(context())
      const [row] = await queryOnce(
        pool,
        `select task_type, model_name, model_source, num_classes, class_names, hyperparameters, required_gpu_count,
           required_memory_gb, datasets.name as dataset, storage_path, format, projects.workflow_count, projects.dataset_count
         from workflow_configs join datasets on datasets.id = dataset_id join projects on projects.id = datasets.project_id
         where workflow_id = $1`,
        [run.id],
      )
      expect(row).toMatchObject({
        ...{ task_type: 'classification', model_name: 'resnet50', model_source: 'timm', num_classes: 3 },
        ...{ class_names: ['치즈', '나비', '츄르'], required_gpu_count: 2, required_memory_gb: 8, dataset: 'handbook' },
        ...{ storage_path: 'examples/handbook/data', format: 'text', workflow_count: 2, dataset_count: 1 },
        hyperparameters: { epochs: 30, scheduler: { type: 'cosine' } },
      })
      const found = await queryOnce(pool, 'select source, version from training_configs where config @> $1::jsonb', [
        JSON.stringify({ model: { name: 'resnet50' }, resources: { gpuType: 'T4' } }),
      ])
      expect(found).toEqual([
        { source: 'manual', version: 1 },
        { source: 'manual', version: 1 },
      ])
    })
  })

  describe('migrations', () => {
    it('go down one by one to nothing and up again, with their history told', async () => {
      const { pool } = context()
      const names = Object.keys(migrations)
      expect((await migrate(pool, 'up')).changed).toEqual([])
      expect((await migrate(pool, 'status')).history).toEqual(
        names.map((name) => ({ name, appliedAt: expect.any(Date) })),
      )
      for (const name of [...names].reverse()) {
        const { changed, history } = await migrate(pool, 'down')
        expect(changed).toEqual([{ name, direction: 'down' }])
        expect(history.find((one) => one.name === name)).toEqual({ name, appliedAt: null })
        await expect(checkSchema(pool)).rejects.toMatchObject({ code: 'DATABASE_SCHEMA_OLD' })
      }
      expect((await migrate(pool, 'down')).changed).toEqual([])
      expect(await tables(pool)).toEqual([])
      const up = await migrate(pool, 'up')
      expect(up.changed).toEqual(names.map((name) => ({ name, direction: 'up' })))
      await checkSchema(pool)
      await addRun(context(), { attempts: [sampleAttempt()] })
    })

    it('of a newer version are refused, and nothing is touched', async () => {
      const { pool, records } = context()
      await queryOnce(
        pool,
        `insert into schema_migrations (name, timestamp) values ('9999_later', '2030-01-01T00:00:00Z')`,
      )
      try {
        for (const direction of ['up', 'down', 'status'] as const)
          await expect(migrate(pool, direction)).rejects.toMatchObject({
            code: 'DATABASE_SCHEMA_NEWER',
            retry: 'never',
          })
        await expect(checkSchema(pool)).rejects.toMatchObject({ code: 'DATABASE_SCHEMA_NEWER' })
      } finally {
        await queryOnce(pool, `delete from schema_migrations where name = '9999_later'`)
      }
      expect(await records.runs.get(sampleRun().id)).toBeUndefined()
    })

    it('that several start at once happen once', async () => {
      const { pool } = context()
      await migrate(pool, 'down')
      const reports = await Promise.all([1, 2, 3].map(() => migrate(pool, 'up')))
      expect(reports.flatMap(({ changed }) => changed)).toHaveLength(1)
    })

    it('index every foreign key', async () => {
      const missing = await queryOnce(
        context().pool,
        `select conrelid::regclass::text as table, conname from pg_constraint foreign_key
         where contype = 'f' and connamespace = current_schema()::regnamespace and not exists (
           select from pg_index where indrelid = foreign_key.conrelid and indkey[0] = foreign_key.conkey[1])`,
      )
      expect(missing).toEqual([])
    })
  })
}

function tables(pool: TestRecords['pool']): Promise<readonly unknown[]> {
  return queryOnce(
    pool,
    `select relname from pg_class where relnamespace = current_schema()::regnamespace
       and relkind in ('r', 'v', 'S') and relname not like 'schema_migrations%'`,
  )
}
