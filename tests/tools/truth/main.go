// Command truth compares what the rules of nthc, Sloth and Pyrra record with what happened, and writes docs/truth.md.
package main

import (
	"debug/buildinfo"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
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
	onlyCosts := flag.Bool("costs", false, "write only the costs, into a page that is there")
	shop := flag.String("shop", "examples/shop", "the example with many services")
	keptPath := flag.String("kept", "", "a page to take the values of Sloth and Pyrra from, except those of each eighth row")
	jobs := flag.Int("jobs", runtime.NumCPU(), "shapes at a time")
	flag.Parse()
	if *check {
		return verify(tools(*nthc, *sloth))
	}
	if *onlyCosts {
		return rewriteCosts(*nthc, *sloth, *shop, *out)
	}
	var chosen []*shape
	for _, s := range shapes() {
		if *only == "" || strings.Contains(","+*only+",", ","+s.name+",") {
			chosen = append(chosen, s)
		}
	}
	kept, err := readKept(*keptPath)
	if err != nil {
		return err
	}
	found := make([][]*row, len(chosen))
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
			var known []*keptRow
			if i%othersEvery != 0 {
				known = kept.rows(s)
			}
			found[i], errs[i] = runShape(s, tools(*nthc, *sloth), known)
			fmt.Fprintf(os.Stderr, "%s: %.1fs\n", s.name, time.Since(began).Seconds())
		}()
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	rows := slices.Concat(found...)
	if *out == "" {
		return show(rows)
	}
	costs, err := measureAll(*nthc, *sloth, *shop)
	if err != nil {
		return err
	}
	version, err := slothVersion(*sloth)
	if err != nil {
		return err
	}
	text, failed := page(rows, costs, version)
	if err := os.WriteFile(*out, []byte(text), 0o644); err != nil {
		return err
	}
	return failed.err()
}

func measureAll(nthc, sloth, shop string) (*costs, error) {
	all := tools(nthc, sloth)
	var c costs
	var err error
	if c.one, err = costOfOne(all, 1); err != nil {
		return nil, err
	}
	if c.ten, err = costOfOne(all, 5); err != nil {
		return nil, err
	}
	c.shop, c.shopCount, err = costOfShop(nthc, sloth, shop)
	return &c, err
}

// Writes the section of costs anew, which takes seconds.
func rewriteCosts(nthc, sloth, shop, path string) error {
	kept, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, isPage := strings.Cut(string(kept), costHead)
	_, after, isWhole := strings.Cut(rest, costEnd)
	if !isPage || !isWhole {
		return fmt.Errorf("%s has no costs", path)
	}
	c, err := measureAll(nthc, sloth, shop)
	if err != nil {
		return err
	}
	section, failed := c.section()
	if err := os.WriteFile(path, []byte(before+section+costEnd+after), 0o644); err != nil {
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
		for i, name := range []string{"nthc", "Sloth", "Pyrra"}[:len(r.pages)] {
			v := r.pages[i]
			fmt.Printf("  %-6s %-24s pages: %d due, %d fired, %d missing, %d false\n", name, r.cell(i), v.due, v.fired, v.missing, v.wrong)
		}
		v := r.tickets[0]
		fmt.Printf("  %-31s tickets: %d due, %d fired, %d missing, %d false\n", "nthc", v.due, v.fired, v.missing, v.wrong)
		r.check(&failed)
	}
	return failed.err()
}
