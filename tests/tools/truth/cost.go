package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"
)

// What rules cost: how many there are, how many series they record, and how many samples they read in a second, by the
// engine's own count.
type cost struct {
	rules, series int
	samples       float64
}

// When costs are measured: all windows are full.
const measured = epoch + month

// Counts what rules of groups read. Samples are counted, not looked at, so recordings are filled with what the rules give at
// the end, at each of their group's evaluations.
func measure(base *store, files []string, isCounted func(group string) bool) (cost, error) {
	var sum cost
	rules, err := loadRules(files, minute)
	if err != nil {
		return sum, err
	}
	eval := newEvaluation(newEngine(), base, 0)
	// Rules of one interval share their times.
	clocks := map[int64][]int64{}
	for _, r := range rules {
		if r.Record == "" || !isCounted(r.group) {
			continue
		}
		eval.store.hidden, eval.store.from = r.later, measured
		vector, err := eval.instant(eval.store, r.expr, measured)
		if err != nil {
			return sum, fmt.Errorf("%s: %w", r.name(), err)
		}
		if len(vector) == 0 {
			return sum, fmt.Errorf("%s of %s gives nothing", r.name(), r.group)
		}
		if clocks[r.interval] == nil {
			for t := measured - month; t <= measured; t += r.interval {
				clocks[r.interval] = append(clocks[r.interval], t)
			}
		}
		times := clocks[r.interval]
		for _, sample := range vector {
			_, target := eval.target(r, sample.Metric)
			target.times = times
			target.values = make([]float64, len(times))
			for i := range target.values {
				target.values[i] = sample.F
			}
			sum.series++
		}
	}
	for _, r := range rules {
		if !isCounted(r.group) {
			continue
		}
		sum.rules++
		eval.store.hidden = r.later
		query, err := eval.engine.NewInstantQuery(context.Background(), eval.store, nil, r.expr.String(), time.UnixMilli(measured))
		if err != nil {
			return sum, err
		}
		if result := query.Exec(context.Background()); result.Err != nil {
			return sum, result.Err
		}
		sum.samples += float64(query.Stats().Samples.TotalSamples) / float64(r.interval/second)
		query.Close()
	}
	return sum, nil
}

// Series of a counter, scraped each 15 s for as long as the longest window is.
func raw(sets ...labels.Labels) *store {
	var times []int64
	var values []float64
	for t := measured - month; t <= measured; t += 15 * second {
		times = append(times, t)
		values = append(values, float64(len(values)))
	}
	filled := newStore(nil)
	for _, set := range sets {
		filled.add(&series{labels: set, times: times, values: values})
	}
	return filled
}

func everything(string) bool { return true }

// The cost of one SLO, where its requests are counted by so many pairs of series, one of which counts errors.
func costOfOne(all []*tool, pairs int) ([]cost, error) {
	var sets []labels.Labels
	for i := range pairs {
		for _, status := range []string{"200", "500"} {
			sets = append(sets, labels.FromStrings(labels.MetricName, "http_requests_total", "job", "api", "instance", podName(i), "status", status))
		}
	}
	base := raw(sets...)
	steady := newShape("cost", "", func(*shape) {})
	var costs []cost
	for _, t := range all {
		files, err := t.files(steady, steady.first)
		if err != nil {
			return nil, err
		}
		c, err := measure(base, files, everything)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.name, err)
		}
		costs = append(costs, c)
	}
	return costs, nil
}

// An SLO of OpenSLO that is a ratio of events.
type ratioSLO struct {
	service, name, objective string
	good, bad, total         string
}

type openSLO struct {
	Kind     string
	Metadata struct {
		Name        string
		Annotations map[string]string
	}
	Spec struct {
		Service     string
		Indicator   string `yaml:"indicatorRef"`
		Objectives  []struct{ Target float64 }
		RatioMetric *struct{ Good, Bad, Total openMetric } `yaml:"ratioMetric"`
	}
}

// The name that it has in the sources, where that is another one.
func (o *openSLO) name() string {
	return either(o.Metadata.Annotations["nthc.name"], o.Metadata.Name)
}

type openMetric struct {
	Source struct{ Spec struct{ Query string } } `yaml:"metricSource"`
}

func (m openMetric) query() string {
	return strings.ReplaceAll(strings.Join(strings.Fields(m.Source.Spec.Query), " "), "[5m]", "[{{.window}}]")
}

// Reads the SLOs that a project writes for OpenSLO: those that count events in counters or classic histograms.
func ratioSLOs(folder string) ([]ratioSLO, error) {
	texts, err := readAll(folder)
	if err != nil {
		return nil, err
	}
	// Services by their documents' names, and of objectives what their indicators do not say.
	services, objectives := map[string]string{}, map[string]ratioSLO{}
	var list []ratioSLO
	for _, text := range texts {
		decoder := yaml.NewDecoder(strings.NewReader(text))
		for {
			var document openSLO
			if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return nil, err
			}
			spec := document.Spec
			switch document.Kind {
			case "Service":
				services[document.Metadata.Name] = document.name()
			case "SLO":
				target := strconv.FormatFloat(spec.Objectives[0].Target*100, 'f', -1, 64)
				objectives[spec.Indicator] = ratioSLO{service: spec.Service, name: document.name(), objective: target}
			case "SLI":
				if spec.RatioMetric == nil {
					continue
				}
				slo := ratioSLO{name: document.Metadata.Name, good: spec.RatioMetric.Good.query(), bad: spec.RatioMetric.Bad.query(), total: spec.RatioMetric.Total.query()}
				// Native histograms are one series that holds all buckets; what of them is read is not comparable.
				if !strings.Contains(slo.total, "histogram_") {
					list = append(list, slo)
				}
			}
		}
	}
	for i := range list {
		of, ok := objectives[list[i].name]
		if !ok {
			return nil, fmt.Errorf("%s is the indicator of no objective", list[i].name)
		}
		list[i].service, list[i].name, list[i].objective = services[of.service], of.name, of.objective
	}
	return list, nil
}

// The costs of the example with many services: ours, and Sloth's for the same SLOs; and how many SLOs that are.
func costOfShop(nthc, sloth, shop string) ([]cost, int, error) {
	folder, err := os.MkdirTemp("", "truth")
	if err != nil {
		return nil, 0, err
	}
	defer os.RemoveAll(folder)
	command := exec.Command(nthc, "build", "--project", shop, "--env", "production", "--output", folder)
	if said, err := command.CombinedOutput(); err != nil {
		return nil, 0, fmt.Errorf("nthc build: %w\n%s", err, said)
	}
	built := filepath.Join(folder, "production")
	files, err := readAll(filepath.Join(built, "prometheus"))
	if err != nil {
		return nil, 0, err
	}
	slos, err := ratioSLOs(filepath.Join(built, "openslo"))
	if err != nil {
		return nil, 0, err
	}
	groups := map[string]bool{}
	var spec []string
	if len(slos) == 0 {
		return nil, 0, fmt.Errorf("%s has no SLO that is a ratio of events", shop)
	}
	for _, slo := range slos {
		groups[slo.service+"-slo-"+slo.name] = true
		bad := slo.bad
		if bad == "" {
			bad = fmt.Sprintf("(%s) - (%s)", slo.total, slo.good)
		}
		spec = append(spec, fmt.Sprintf(slothSpec, slo.service, slo.name, slo.objective, quote(bad), quote(slo.total)))
	}
	var slothFiles []string
	for _, one := range spec {
		text, err := slothRules(sloth, one)
		if err != nil {
			return nil, 0, err
		}
		slothFiles = append(slothFiles, text)
	}
	isOfSLO := func(group string) bool {
		for name := range groups {
			if group == name || strings.HasPrefix(group, name+"-") && !groups[group] {
				return true
			}
		}
		return false
	}
	base, err := selected(files, isOfSLO)
	if err != nil {
		return nil, 0, err
	}
	for name := range groups {
		if !slices.ContainsFunc(files, func(text string) bool { return strings.Contains(text, "- name: "+name+"\n") }) {
			return nil, 0, fmt.Errorf("no group of rules is %s", name)
		}
	}
	ours, err := measure(base, files, isOfSLO)
	if err != nil {
		return nil, 0, err
	}
	theirs, err := measure(base, slothFiles, everything)
	return []cost{ours, theirs}, len(slos), err
}

// Series for all that rules select and do not record: one for each selector.
func selected(files []string, isCounted func(string) bool) (*store, error) {
	rules, err := loadRules(files, minute)
	if err != nil {
		return nil, err
	}
	recorded := map[string]bool{}
	for _, r := range rules {
		recorded[r.Record] = true
	}
	sets := map[string]labels.Labels{}
	for _, r := range rules {
		if !isCounted(r.group) {
			continue
		}
		parser.Inspect(r.expr, func(node parser.Node, _ []parser.Node) error {
			if selector, ok := node.(*parser.VectorSelector); ok && !recorded[selector.Name] {
				set := example(selector.LabelMatchers)
				sets[set.String()] = set
			}
			return nil
		})
	}
	var list []labels.Labels
	for _, key := range sortedKeys(sets) {
		list = append(list, sets[key])
	}
	return raw(list...), nil
}

// Labels that matchers match.
func example(matchers []*labels.Matcher) labels.Labels {
	builder := labels.NewBuilder(labels.EmptyLabels())
	for _, m := range matchers {
		switch m.Type {
		case labels.MatchEqual:
			builder.Set(m.Name, m.Value)
		case labels.MatchRegexp:
			if parsed, err := syntax.Parse(m.Value, syntax.Perl); err == nil {
				builder.Set(m.Name, shortest(parsed.Simplify()))
			}
		}
	}
	return builder.Labels()
}

// A short text that an expression matches.
func shortest(r *syntax.Regexp) string {
	switch r.Op {
	case syntax.OpLiteral:
		return string(r.Rune)
	case syntax.OpCharClass:
		return string(r.Rune[0])
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return "0"
	case syntax.OpConcat:
		var text strings.Builder
		for _, part := range r.Sub {
			text.WriteString(shortest(part))
		}
		return text.String()
	case syntax.OpCapture, syntax.OpAlternate, syntax.OpPlus:
		return shortest(r.Sub[0])
	default:
		return ""
	}
}
