// Renders a chart with the same values many times in one process, as a Go program that imports Helm's library can, and prints the seconds that
// took; the chart and the values are loaded once: helm-sdk <chart> <values.yaml> <times>
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	chart, err := loader.Load(os.Args[1])
	if err != nil {
		return err
	}
	values, err := chartutil.ReadValuesFile(os.Args[2])
	if err != nil {
		return err
	}
	times, err := strconv.Atoi(os.Args[3])
	if err != nil {
		return err
	}
	capabilities := chartutil.DefaultCapabilities.Copy()
	capabilities.KubeVersion = chartutil.KubeVersion{Version: "v1.34.0", Major: "1", Minor: "34"}
	release := chartutil.ReleaseOptions{Name: "bench", Namespace: "default", Revision: 1, IsInstall: true}
	began := time.Now()
	for range times {
		given, err := chartutil.ToRenderValues(chart, values, release, capabilities)
		if err != nil {
			return err
		}
		if _, err := engine.Render(chart, given); err != nil {
			return err
		}
	}
	fmt.Println(time.Since(began).Seconds())
	return nil
}
