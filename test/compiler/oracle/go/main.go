// Reads YAML documents, one on each line as a JSON string, and prints what two parsers of Go make of each, as JSON on a line: yaml.v3, which many
// tools use, and sigs.k8s.io/yaml, by which kubectl, Argo CD and the API server read manifests. A parser that refuses a document gives its error.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	v3 "gopkg.in/yaml.v3"
	kubernetes "sigs.k8s.io/yaml"
)

type reading struct {
	Value any    `json:"value"`
	Error string `json:"error,omitempty"`
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 64<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	for lines.Scan() {
		var text string
		if err := json.Unmarshal(lines.Bytes(), &text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if err := encoder.Encode([]reading{read(text, v3.Unmarshal), read(text, forKubernetes)}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	if err := lines.Err(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func read(text string, unmarshal func([]byte, any) error) reading {
	var value any
	if err := unmarshal([]byte(text), &value); err != nil {
		return reading{Error: err.Error()}
	}
	return reading{Value: value}
}

func forKubernetes(text []byte, into any) error { return kubernetes.UnmarshalStrict(text, into) }
