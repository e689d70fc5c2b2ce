// Command promql-tree reads queries with Prometheus' own parser, so that tests need not take the compiler's at its word.
//
// Each line of its input is a query as a JSON string, and each gets one line of JSON: the error with which Prometheus
// refuses it, or every selector of it.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

type matcher struct {
	Label string `json:"label"`
	Op    string `json:"op"`
	Value string `json:"value"`
}

type selector struct {
	// Empty where the metric has no name of its own.
	Metric   string    `json:"metric"`
	Matchers []matcher `json:"matchers"`
	// The aggregations and functions around it, the outermost first.
	Under []string `json:"under"`
	// Whether one of them is an aggregation.
	Aggregated bool `json:"aggregated"`
	// In milliseconds, where it selects a range.
	Range *int64 `json:"range"`
}

type answer struct {
	Error string `json:"error,omitempty"`
	// Of the whole query: `vector`, `matrix`, `scalar` or `string`.
	Type      string     `json:"type,omitempty"`
	Selectors []selector `json:"selectors"`
}

// What a user of Prometheus can turn on is on: what is refused is refused everywhere.
var reader = parser.NewParser(parser.Options{
	EnableExperimentalFunctions: true,
	EnableBinopFillModifiers:    true,
	EnableUnquotedUTF8Names:     true,
})

func read(query string) answer {
	expr, err := reader.ParseExpr(query)
	if err != nil {
		return answer{Error: err.Error()}
	}
	found := answer{Type: string(expr.Type()), Selectors: []selector{}}
	parser.Inspect(expr, func(node parser.Node, path []parser.Node) error {
		if s, ok := node.(*parser.VectorSelector); ok {
			found.Selectors = append(found.Selectors, selected(s, path))
		}
		return nil
	})
	return found
}

func selected(s *parser.VectorSelector, path []parser.Node) selector {
	one := selector{Metric: s.Name, Matchers: []matcher{}, Under: []string{}}
	for _, m := range s.LabelMatchers {
		// The name is a matcher too, before the braces and as a text within.
		if m.Name == labels.MetricName && m.Type == labels.MatchEqual && (one.Metric == "" || m.Value == one.Metric) {
			one.Metric = m.Value
			continue
		}
		one.Matchers = append(one.Matchers, matcher{m.Name, m.Type.String(), m.Value})
	}
	for _, node := range path {
		switch around := node.(type) {
		case *parser.AggregateExpr:
			one.Under = append(one.Under, around.Op.String())
			one.Aggregated = true
		case *parser.Call:
			one.Under = append(one.Under, around.Func.Name)
		case *parser.MatrixSelector:
			milliseconds := around.Range.Milliseconds()
			one.Range = &milliseconds
		}
	}
	return one
}

func serve(from io.Reader, to io.Writer) error {
	lines := json.NewDecoder(bufio.NewReader(from))
	answers := json.NewEncoder(to)
	for {
		var query string
		if err := lines.Decode(&query); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := answers.Encode(read(query)); err != nil {
			return err
		}
	}
}

func main() {
	if err := serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "promql-tree:", err)
		os.Exit(1)
	}
}
