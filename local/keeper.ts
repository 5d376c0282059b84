// The small parent of one local pod: a program of its own, so that a training outlives whoever started it. Its one argument is the pod's
// folder; everything else it reads and writes there (local/process/pod-files.ts). It has no terminal and says nothing.
import { keepPod } from './process/keep.ts'

process.title = 'specyard-keeper'
const folder = process.argv[2]
if (folder !== undefined) await keepPod(folder)
process.exit(0)
