import type { Measured } from '../../domain/deployment.ts'

/** What callers of an endpoint met, as the monitoring of its cluster counted it. Each method may be slow: none is called inside a pass. */
export interface MeasuringSource {
  /** Base address without credentials, for messages. */
  readonly address: string
  /**
   * Requests, errors and latency of one workload.
   * @returns null where nothing was counted
   * @throws Fault MEASURING_FAILED
   */
  measure(workload: MeasuredWorkload, signal: AbortSignal): Promise<Omit<Measured, 'at'> | null>
}

export interface MeasuredWorkload {
  readonly namespace: string
  /** Of its Service: the endpoint's, or the candidate's beside it. */
  readonly name: string
  readonly framework: string
  /** How far to look back. */
  readonly seconds: number
}
