import pc from 'picocolors'
import { keyText } from '../../domain/names.ts'
import type { ReleaseView, RolloutView, TrackView } from '../../domain/rollout-view.ts'
import { printable } from '../terminal/printable.ts'

type Colours = ReturnType<typeof pc.createColors>

const barWidth = 20

/**
 * A rollout as people rather look at it than read it: what is stable and what stands beside it, with a bar for the requests of each.
 * @param isColoured whether there is a terminal for it
 */
export function rolloutPicture(view: RolloutView, isColoured: boolean): string {
  const colours = pc.createColors(isColoured)
  const { stable, candidate, url } = view
  const head = `${colours.bold(printable(keyText(view)))}  ${headline(view, colours)}`
  if (!stable) return `${head}\n`
  const rows = [trackCells('stable', stable, view), ...(candidate ? [trackCells('candidate', candidate, view)] : [])]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  const tracks = [stable, ...(candidate ? [candidate] : [])]
  const lines = tracks.map((track, index) => {
    const cells = (rows[index] ?? []).map((cell, column) =>
      column === 3 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
    )
    const [name = '', revision = '', what = '', share = ''] = cells
    const paint = index === 0 ? colours.cyan : colours.magenta
    return `  ${paint(name)}  ${revision}  ${what}  ${bar(track.weight, paint, colours)} ${share}  ${readyText(track, stable.replicas !== null, colours)}`
  })
  return [
    head,
    ...(url === null ? [] : [`  ${colours.dim(url)}`]),
    ...['', ...lines, ''],
    ...asides(view).map((line) => `  ${line}`),
    ...(asides(view).length > 0 ? [''] : []),
  ]
    .map((line) => `${line}\n`)
    .join('')
}

/** What a person may do next, as commands. */
export function nextSteps(view: RolloutView): readonly string[] {
  const name = keyText(view)
  const { candidate, paused, promoted, hold } = view
  if (hold !== null || paused) return [`specyard rollout ${name} resume`]
  if (promoted || !candidate) return []
  const more = [10, 25, 50, 100].find((weight) => weight > candidate.weight)
  const set = more === undefined ? [] : [`specyard rollout ${name} set ${more}`]
  return [...set, `specyard rollout ${name} promote`, `specyard rollout ${name} abort`]
}

function headline({ strategy, stable, candidate, paused, promoted, hold }: RolloutView, colours: Colours): string {
  if (!stable) return colours.dim('waits for a model')
  if (hold === 'ROLLED_BACK') return colours.yellow('rolled back, and held')
  if (hold === 'ABORTED') return colours.yellow('aborted, and held')
  if (paused) return colours.yellow(`${strategy}, paused`)
  if (promoted) return colours.magenta('promoted, its pods are being replaced')
  return candidate ? colours.magenta(`${strategy} under way`) : colours.green('stable')
}

function trackCells(name: string, track: TrackView, view: RolloutView): readonly string[] {
  return [name, `revision ${track.revision}`, whatText(track, view), `${track.weight} %`]
}

/** The model, and where that is the same on both sides, the image that tells them apart. */
function whatText(release: ReleaseView, { stable, candidate }: RolloutView): string {
  const isTold = stable && candidate && stable.model === candidate.model && stable.image !== candidate.image
  return printable(isTold ? `${release.model} ${shortImage(release.image)}` : release.model)
}

/** `ghcr.io/example/api:1.2@sha256:0123…` as `api:1.2@0123abcd`. */
function shortImage(image: string): string {
  const [name = '', digest] = image.split('@')
  const short = name.split('/').at(-1) ?? name
  return digest === undefined ? short : `${short}@${digest.replace(/^sha256:/, '').slice(0, 8)}`
}

function bar(weight: number, paint: (text: string) => string, colours: Colours): string {
  // A share that there is shows, and one that is not whole is not drawn whole.
  const exact = (weight * barWidth) / 100
  const full = weight === 0 || weight === 100 ? exact : Math.min(barWidth - 1, Math.max(1, Math.round(exact)))
  return paint('█'.repeat(full)) + colours.dim('░'.repeat(barWidth - full))
}

/** @param isLookedAt whether somebody sees the cluster now */
function readyText(
  { replicas, ready_replicas: ready, message, reason }: TrackView,
  isLookedAt: boolean,
  colours: Colours,
): string {
  if (replicas === null || ready === null) return colours.dim(isLookedAt ? 'not there yet' : 'not looked at now')
  const text = `${ready}/${replicas} ready`
  if (ready >= replicas) return colours.green(text)
  const why = printable(message || reason)
  return `${ready === 0 ? colours.red(text) : colours.yellow(text)}${why === '' ? '' : `  ${colours.dim(why)}`}`
}

function asides({ stable, wanted, past, hold }: RolloutView): readonly string[] {
  const back = past.find((one) => one.worked)
  return [
    ...(wanted ? [`held back: ${printable(wanted.model)}, ${printable(shortImage(wanted.image))}`] : []),
    ...(back && hold === null ? [`before: revision ${back.revision}, ${printable(back.model)}, which worked`] : []),
    ...(stable?.worked === false
      ? [`revision ${stable.revision} has not been seen healthy with all requests yet`]
      : []),
  ]
}
