// Command truth compares what the rules of nthc, Sloth and Pyrra record with what happened, and writes docs/truth.md.
package main

import (
	"debug/buildinfo"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"
)

func main() {
	if err := command(); err != nil {
		fmt.Fprintln(os.Stderr, "truth:", err)
		os.Exit(1)
	}
}

func command() error {
	nthc := flag.String("nthc", "nthc", "the compiler")
	sloth := flag.String("sloth", "sloth", "Sloth")
	only := flag.String("only", "", "names of shapes, comma between, instead of all")
	check := flag.Bool("verify", false, "compare the way in which rules are evaluated with Prometheus' rule manager")
	out := flag.String("out", "", "the page to write; without it, the shapes' values and alerts are printed")
	shop := flag.String("shop", "examples/shop", "the example with many services")
	jobs := flag.Int("jobs", runtime.NumCPU(), "shapes at a time")
	flag.Parse()
	if *check {
		return verify(tools(*nthc, *sloth))
	}
	var chosen []*shape
	for _, s := range shapes() {
		if *only == "" || strings.Contains(","+*only+",", ","+s.name+",") {
			chosen = append(chosen, s)
		}
	}
	rows := make([]*row, len(chosen))
	errs := make([]error, len(chosen))
	var wait sync.WaitGroup
	slots := make(chan struct{}, *jobs)
	for i, s := range chosen {
		wait.Add(1)
		go func() {
			defer wait.Done()
			slots <- struct{}{}
			defer func() { <-slots }()
			began := time.Now()
			rows[i], errs[i] = runShape(s, tools(*nthc, *sloth))
			fmt.Fprintf(os.Stderr, "%s: %.1fs\n", s.name, time.Since(began).Seconds())
		}()
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if *out == "" {
		return show(rows)
	}
	one, err := costOfOne(tools(*nthc, *sloth), 1)
	if err != nil {
		return err
	}
	ten, err := costOfOne(tools(*nthc, *sloth), 5)
	if err != nil {
		return err
	}
	ours, theirs, count, err := costOfShop(*nthc, *sloth, *shop)
	if err != nil {
		return err
	}
	version, err := slothVersion(*sloth)
	if err != nil {
		return err
	}
	text, failed := page(rows, one, ten, ours, theirs, count, version)
	if err := os.WriteFile(*out, []byte(text), 0o644); err != nil {
		return err
	}
	return failed.err()
}

// The version of Sloth that a program was built from.
func slothVersion(program string) (string, error) {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return "", err
	}
	for _, module := range append(info.Deps, &info.Main) {
		if module.Path == "github.com/slok/sloth" {
			return module.Version, nil
		}
	}
	return "", fmt.Errorf("%s is not built from Sloth's module", program)
}

// Prints what shapes gave, with what is wrong of it.
func show(rows []*row) error {
	var failed broken
	for _, r := range rows {
		fmt.Printf("%s: true %s\n", r.shape.name, percent(r.truth))
		for i, name := range []string{"nthc", "Sloth", "Pyrra"} {
			v := r.pages[i]
			fmt.Printf("  %-6s %-24s pages: %d due, %d fired, %d missing, %d false\n", name, beside(r.said[i], r.truth), v.due, v.fired, v.missing, v.wrong)
		}
		v := r.tickets[0]
		fmt.Printf("  %-31s tickets: %d due, %d fired, %d missing, %d false\n", "nthc", v.due, v.fired, v.missing, v.wrong)
		r.check(&failed)
	}
	return failed.err()
}
