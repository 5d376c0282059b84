// Renders one chart with many values in one process, by Helm's own library: what a peer of the compiler costs without a fork for each file.
//
//	helm-library <chart> <rounds> <values file>...
//
// Prints the seconds of each round as JSON. Reading the values files counts, as reading specs does; loading the chart does not.
package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
)

func main() {
	loaded, err := loader.Load(os.Args[1])
	must(err)
	rounds, err := strconv.Atoi(os.Args[2])
	must(err)
	seconds := make([]float64, 0, rounds)
	for range rounds {
		start := time.Now()
		for _, path := range os.Args[3:] {
			render(loaded, path)
		}
		seconds = append(seconds, time.Since(start).Seconds())
	}
	must(json.NewEncoder(os.Stdout).Encode(seconds))
}

func render(loaded *chart.Chart, path string) {
	text, err := os.ReadFile(path)
	must(err)
	values, err := chartutil.ReadValues(text)
	must(err)
	options := chartutil.ReleaseOptions{Name: "bench", Namespace: "default", IsInstall: true}
	capabilities := chartutil.DefaultCapabilities.Copy()
	// Without it the library takes a cluster of 2020 to be meant.
	capabilities.KubeVersion = chartutil.KubeVersion{Version: "v1.34.0", Major: "1", Minor: "34"}
	merged, err := chartutil.ToRenderValues(loaded, values, options, capabilities)
	must(err)
	rendered, err := engine.Render(loaded, merged)
	must(err)
	hash := sha256.New()
	for _, one := range rendered {
		hash.Write([]byte(one))
	}
	if len(hash.Sum(nil)) != sha256.Size || len(rendered) == 0 {
		panic("nothing was rendered")
	}
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
