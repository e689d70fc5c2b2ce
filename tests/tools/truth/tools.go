package main

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// A tool makes rules of an SLO.
type tool struct {
	name string
	// Its rule files for one of the settings of a shape.
	files func(s *shape, with setting) ([]string, error)
	// How often groups are evaluated that do not say so.
	interval func(with setting) int64
	// What is read of it: the share of bad events over the period, and the share of the budget that is spent.
	share, spent string
	// Its burn-rate alerts, those that page and those that do not.
	pages, tickets []pair
	// Which severities wake somebody.
	isPage func(severity string) bool
	// One alert for all pairs, or one for each.
	merged bool
	// Whether its SLOs can have groups. What is read has `$group` where the matcher of one stands.
	grouped bool
}

func tools(nthc, sloth string) []*tool {
	workbook := func(hold, slow int64) (pages, tickets []pair) {
		return []pair{{5 * minute, hour, 14.4, hold}, {30 * minute, 6 * hour, 6, hold}},
			[]pair{{2 * hour, day, 3, slow}, {6 * hour, 3 * day, 1, slow}}
	}
	oursPages, oursTickets := workbook(2*minute, 15*minute)
	slothPages, slothTickets := workbook(0, 0)
	pyrraPages, pyrraTickets := pyrraPairs(period)
	own := func(setting) int64 { return minute }
	return []*tool{
		{
			name:     "nthc",
			files:    func(s *shape, with setting) ([]string, error) { return buildNth(nthc, s, with) },
			interval: own,
			share:    `slo:sli_error:ratio_rate30d{service="api"$group}`,
			spent:    `slo:period_burn_rate:ratio{service="api"$group}`,
			pages:    oursPages,
			tickets:  oursTickets,
			isPage:   func(severity string) bool { return severity == "page" },
			grouped:  true,
		},
		{
			name:  "Sloth",
			files: func(s *shape, with setting) ([]string, error) { return buildSloth(sloth, s, with) },
			// A file of Sloth has no interval, so it follows Prometheus' own, of which a minute is the default.
			interval: func(with setting) int64 { return max(minute, with.interval) },
			share:    `slo:sli_error:ratio_rate30d{sloth_service="api"}`,
			spent:    `slo:period_burn_rate:ratio{sloth_service="api"}`,
			pages:    slothPages,
			tickets:  slothTickets,
			isPage:   func(severity string) bool { return severity == "page" },
			merged:   true,
		},
		{
			name:     "Pyrra",
			files:    buildPyrra,
			interval: own,
			share:    `1 - pyrra_availability{slo="api"$group}`,
			spent:    `(1 - pyrra_availability{slo="api"$group}) / on(slo) (1 - pyrra_objective{slo="api"})`,
			pages:    pyrraPages,
			tickets:  pyrraTickets,
			isPage:   func(severity string) bool { return severity == "critical" },
			grouped:  true,
		},
	}
}

const nthSource = `import std.http

team api {
  slack = "#api"

  schedule primary {
    zone    = "Europe/London"
    members = ["a@example.com", "b@example.com"]
  }
}

service api {
  team     = api
  tier     = critical
  selector = { job = "api" }

  slo objective : http.%s { objective = %s%%  %s }
}
%s`

const nthProject = `[project]
name    = "truth"
targets = ["prometheus"]

[prometheus]
interval        = "%s"
scrape_interval = "%s"
`

func duration(milliseconds int64) string {
	return model.Duration(time.Duration(milliseconds) * time.Millisecond).String()
}

// Builds the SLO with nthc itself.
func buildNth(nthc string, s *shape, with setting) ([]string, error) {
	folder, err := os.MkdirTemp("", "truth")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	template := "availability"
	if s.latency {
		template = "latency(under: 300ms)"
	}
	source := fmt.Sprintf(nthSource, template, with.objective, s.window, s.beside)
	project := fmt.Sprintf(nthProject, duration(with.interval), duration(with.scrape))
	return build(nthc, folder, map[string]string{"slo.nth": source, "nth.toml": project})
}

func build(nthc, folder string, files map[string]string) ([]string, error) {
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	command := exec.Command(nthc, "build", "--output", filepath.Join(folder, "built"))
	command.Dir = folder
	if said, err := command.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("nthc build: %w\n%s", err, said)
	}
	return readAll(filepath.Join(folder, "built", "prometheus"))
}

func readAll(folder string) ([]string, error) {
	names, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil || len(names) == 0 {
		return nil, fmt.Errorf("no rule files in %s: %w", folder, err)
	}
	slices.Sort(names)
	var texts []string
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		texts = append(texts, string(text))
	}
	return texts, nil
}

const slothSpec = `version: prometheus/v1
service: %s
slos:
- name: %s
  objective: %s
  sli:
    events:
      error_query: %s
      total_query: %s
  alerting:
    name: ErrorBudgetBurn
    page_alert: {labels: {severity: page}}
    ticket_alert: {labels: {severity: ticket}}
`

// Generates the SLO with Sloth itself.
func buildSloth(sloth string, s *shape, with setting) ([]string, error) {
	bad := `sum(rate(http_requests_total{job="api",status=~"5.."}[{{.window}}]))`
	total := `sum(rate(http_requests_total{job="api"}[{{.window}}]))`
	if s.latency {
		total = `sum(rate(http_request_duration_seconds_count{job="api"}[{{.window}}]))`
		bad = total + ` - sum(rate(http_request_duration_seconds_bucket{job="api",le="0.3"}[{{.window}}]))`
	}
	text, err := slothRules(sloth, fmt.Sprintf(slothSpec, "api", "objective", with.objective, bad, total))
	return []string{text}, err
}

func slothRules(sloth, spec string) (string, error) {
	folder, err := os.MkdirTemp("", "truth")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(folder)
	from, to := filepath.Join(folder, "spec.yaml"), filepath.Join(folder, "rules.yaml")
	if err := os.WriteFile(from, []byte(spec), 0o644); err != nil {
		return "", err
	}
	if said, err := exec.Command(sloth, "generate", "--no-log", "--input", from, "--out", to).CombinedOutput(); err != nil {
		return "", fmt.Errorf("sloth generate: %w\n%s", err, said)
	}
	text, err := os.ReadFile(to)
	return string(text), err
}

// The version of Pyrra that the rules below were read from. Its module cannot be built from here, so they are written out by
// this program, with names, expressions, intervals and windows as its slo/rules.go makes them.
const pyrraVersion = "1ba95af (2026-08-03)"

type pyrraWindow struct {
	hold, long, short int64
	factor            float64
	severity          string
}

// The windows for an SLO's period: those for 28 days, in proportion, rounded to minutes.
func pyrraWindows(period int64) []pyrraWindow {
	part := func(parts int64) int64 {
		return int64(math.Round(float64(period)/float64(parts)/float64(minute))) * minute
	}
	return []pyrraWindow{
		{part(28 * 24 * 30), part(28 * 24), part(28 * 24 * 12), 14, "critical"},
		{part(28 * 24 * 4), part(28 * 4), part(28 * 24 * 2), 7, "critical"},
		{part(28 * 24), part(28), part(28 * 12), 2, "warning"},
		{part(28 * 8), part(7), part(28 * 4), 1, "warning"},
	}
}

func pyrraPairs(period int64) (pages, tickets []pair) {
	for _, w := range pyrraWindows(period) {
		p := pair{w.short, w.long, w.factor, w.hold}
		if w.severity == "critical" {
			pages = append(pages, p)
		} else {
			tickets = append(tickets, p)
		}
	}
	return pages, tickets
}

// Writes the SLO's rules as Pyrra does.
func buildPyrra(s *shape, with setting) ([]string, error) {
	objective, err := strconv.ParseFloat(with.objective, 64)
	if err != nil {
		return nil, err
	}
	target := strconv.FormatFloat(objective/100, 'f', -1, 64)
	// Its groups: Pyrra aggregates by their labels, with one objective for all.
	sum, by := "sum", ""
	if len(s.routes) > 0 {
		sum, by = "sum by (route) ", "route, "
	}
	windows := pyrraWindows(period)
	var burns []int64
	for _, w := range windows {
		burns = append(burns, w.long, w.short)
	}
	slices.Sort(burns)

	total, metric, burnName := `http_requests_total{job="api"}`, "http_requests", "http_requests"
	bad := `http_requests_total{job="api",status=~"5.."}`
	if s.latency {
		total, metric, burnName = `http_request_duration_seconds_count{job="api"}`, "http_request_duration_seconds", "http_request_duration_seconds"
		bad = `http_request_duration_seconds_bucket{job="api",le="0.3"}`
	}
	var text strings.Builder
	record := func(name, expr, more string) {
		fmt.Fprintf(&text, "  - record: %s\n    expr: %s\n    labels: {slo: api%s}\n", name, quote(expr), more)
	}
	alert := func(name, expr string, hold int64, severity, more string) {
		fmt.Fprintf(&text, "  - alert: %s\n    expr: %s\n    for: %s\n    labels: {slo: api, job: api, severity: %s%s}\n", name, quote(expr), duration(hold), severity, more)
	}
	fmt.Fprintf(&text, "groups:\n- name: api\n  interval: 30s\n  rules:\n")
	for _, b := range slices.Compact(burns) {
		w := duration(b)
		expr := fmt.Sprintf(`%s(rate(%s[%s])) / %s(rate(%s[%s]))`, sum, bad, w, sum, total, w)
		if s.latency {
			expr = fmt.Sprintf(`(sum(rate(%s[%s])) - sum(rate(%s[%s]))) / sum(rate(%s[%s]))`, total, w, bad, w, total, w)
		}
		record(burnName+":burnrate"+w, expr, ", job: api")
	}
	for _, w := range windows {
		expr := fmt.Sprintf(`%s:burnrate%s{job="api",slo="api"} > (%.f * (1-%s)) and %s:burnrate%s{job="api",slo="api"} > (%.f * (1-%s))`,
			burnName, duration(w.short), w.factor, target, burnName, duration(w.long), w.factor, target)
		alert("ErrorBudgetBurn", expr, w.hold, w.severity, fmt.Sprintf(", short: %s, long: %s", duration(w.short), duration(w.long)))
	}
	interval := 150 * second
	w := duration(period)
	fmt.Fprintf(&text, "- name: api-increase\n  interval: %s\n  rules:\n", duration(interval))
	absent := windows[0].factor*(1-objective/100)*float64(windows[0].long) + float64(windows[0].hold)
	missing := int64(math.Round(absent/float64(minute))) * minute
	if s.latency {
		record(metric+":increase"+w, fmt.Sprintf(`sum(increase(%s[%s]))`, total, w), ", job: api")
		record(metric+":increase"+w, fmt.Sprintf(`sum(increase(%s[%s]))`, bad, w), `, job: api, le: "0.3"`)
		alert("SLOMetricAbsent", fmt.Sprintf(`absent(%s) == 1`, total), missing, "critical", "")
		alert("SLOMetricAbsent", fmt.Sprintf(`absent(%s) == 1`, bad), missing, "critical", `, le: "0.3"`)
	} else {
		record(metric+":increase"+w, fmt.Sprintf(`sum by (%sstatus) (increase(%s[%s]))`, by, total, w), ", job: api")
		alert("SLOMetricAbsent", fmt.Sprintf(`absent(%s) == 1`, total), missing, "critical", "")
	}
	fmt.Fprintf(&text, "- name: api-generic\n  interval: 30s\n  rules:\n")
	record("pyrra_objective", target, "")
	record("pyrra_window", strconv.FormatInt(period/second, 10), "")
	increases := metric + ":increase" + w
	if s.latency {
		record("pyrra_availability", fmt.Sprintf(`sum(%s{job="api",le="0.3",slo="api"} or vector(0)) / sum(%s{job="api",le="",slo="api"})`, increases, increases), "")
	} else {
		none := "vector(0)"
		if by != "" {
			none = fmt.Sprintf(`0 * %s(%s{job="api",slo="api"})`, sum, increases)
		}
		record("pyrra_availability", fmt.Sprintf(`1 - %s(%s{job="api",slo="api",status=~"5.."} or %s) / %s(%s{job="api",slo="api"})`, sum, increases, none, sum, increases), "")
	}
	record("pyrra_requests:rate5m", fmt.Sprintf(`sum(rate(%s[5m]))`, total), "")
	if s.latency {
		record("pyrra_errors:rate5m", fmt.Sprintf(`sum(rate(%s[5m])) - sum(rate(%s[5m]))`, total, bad), "")
	} else {
		record("pyrra_errors:rate5m", fmt.Sprintf(`sum(rate(%s[5m])) or vector(0)`, bad), "")
	}
	return []string{text.String()}, nil
}

func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
